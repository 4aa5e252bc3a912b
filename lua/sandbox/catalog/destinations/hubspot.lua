-- HubSpot: facts of Segment's Config API catalog.
return {
	slug = "hubspot",
	display_name = "HubSpot",
	description = "Keep contacts and companies in HubSpot up to date.",
	website = "https://www.hubspot.com",
	components = { "WEB", "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "group", "identify", "page_view", "track" },
	category = "Analytics",
	settings = {
		{
			name = "apiKey",
			display_name = "API Key",
			type = "STRING",
			default = "",
			required = true,
			regexp = "^[a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12}$",
		},
		{ name = "loadFormsSdk", display_name = "Load Forms SDK", type = "BOOLEAN", default = false },
		{
			name = "portalId",
			display_name = "Hub ID",
			type = "STRING",
			default = "",
			required = true,
			regexp = "^\\d+$",
		},
	},
}
