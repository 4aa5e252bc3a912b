-- Webhooks: facts of Segment's Config API catalog.
return {
	slug = "webhooks",
	display_name = "Webhooks",
	description = "Send every event to addresses of your own.",
	website = "https://segment.com",
	components = { "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "alias", "group", "identify", "page_view", "track" },
	category = "Raw Data",
	settings = {
		{ name = "globalHook", display_name = "Webhook URL", type = "STRING", default = "" },
		{
			name = "hooks",
			display_name = "Webhooks (max 5)",
			type = "MIXED",
			default = {},
			items = { { name = "headers", type = "MAP" }, { name = "hook", type = "STRING", required = true } },
			max = 5,
		},
		{ name = "sharedSecret", display_name = "Shared Secret", type = "STRING", default = "" },
	},
}
