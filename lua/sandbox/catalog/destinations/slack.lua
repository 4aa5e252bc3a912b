-- Slack: facts of Segment's Config API catalog.
return {
	slug = "slack",
	display_name = "Slack",
	description = "Post messages about events to Slack channels.",
	website = "https://slack.com",
	components = { "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "track" },
	category = "Customer Success",
	settings = {
		{
			name = "channels",
			display_name = "Event Channels",
			type = "MIXED",
			default = {},
			items = {
				{ name = "channel", type = "STRING" },
				{ name = "regex", type = "BOOLEAN" },
				{ name = "eventName", type = "STRING" },
			},
		},
		{ name = "identifyTemplate", display_name = "Identify Template", type = "STRING", default = "" },
		{
			name = "templates",
			display_name = "Event Templates",
			type = "MIXED",
			default = {},
			items = {
				{ name = "template", type = "STRING" },
				{ name = "regex", type = "BOOLEAN" },
				{ name = "eventName", type = "STRING" },
			},
		},
		{ name = "webhookUrl", display_name = "Incoming Webhook URL", type = "STRING", default = "" },
		{ name = "whiteListedTraits", display_name = "Whitelisted Traits", type = "LIST", default = {} },
	},
}
