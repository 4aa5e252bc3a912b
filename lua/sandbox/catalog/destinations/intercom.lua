-- Intercom: facts of Segment's Config API catalog.
return {
	slug = "intercom",
	display_name = "Intercom",
	description = "Talk with users and see what they did.",
	website = "https://www.intercom.com",
	components = { "WEB", "IOS", "ANDROID", "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "group", "identify", "page_view", "track" },
	category = "Livechat",
	settings = {
		{
			name = "activator",
			display_name = "Custom Inbox Button Selector",
			type = "STRING",
			default = "#IntercomDefaultWidget",
			regexp = "^[#\\.]+",
		},
		{
			name = "apiKey",
			display_name = "Enter your API Key",
			type = "STRING",
			default = "",
			regexp = "^[a-zA-Z0-9]{40}$",
		},
		{
			name = "appId",
			display_name = "App ID (required for analytics.js and mobile)",
			type = "STRING",
			default = "",
			regexp = "^([a-zA-Z0-9]{7,8}|[a-zA-Z0-9]{40})$",
		},
		{
			name = "collectContext",
			display_name = "Include Context with Identify Calls",
			type = "BOOLEAN",
			default = false,
		},
		{ name = "isBulkAPIEnabled", display_name = "isBulkAPIEnabled", type = "BOOLEAN", default = false },
		{ name = "mobileApiKey", display_name = "Enter your Mobile API Key", type = "STRING", default = "" },
		{ name = "oauth", display_name = "OAuth", type = "BOOLEAN", default = false },
		{ name = "richLinkProperties", display_name = "Rich Link Properties", type = "LIST", default = {} },
	},
}
