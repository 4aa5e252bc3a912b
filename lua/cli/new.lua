-- partnerapp new: files to begin with.
return {
	summary = "Make an app, or the file of a destination, with tests that pass",
	usage = "app FOLDER | destination SLUG [options]",
	commands = { "app", "destination" },
	examples = [[
partnerapp new app my-app
partnerapp new destination acme
partnerapp new destination mixpanel --app ./my-app]],
}
