-- partnerapp new: files to begin with.
return {
	summary = "Make the file of a destination, with tests that pass",
	usage = "destination SLUG [options]",
	commands = { "destination" },
	examples = [[
partnerapp new destination acme
partnerapp new destination mixpanel --app ./my-app]],
}
