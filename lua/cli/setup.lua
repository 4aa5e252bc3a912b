-- partnerapp setup: an access token and an app at Segment, which Segment's own README creates with curl.
return {
	summary = "Create an access token and an app at Segment, and keep their keys in .env",
	usage = "token | app [options]",
	commands = { "token", "app" },
	examples = [[
partnerapp setup token
partnerapp setup app
partnerapp setup app --help]],
}
