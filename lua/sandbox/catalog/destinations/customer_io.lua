-- Customer.io: facts of Segment's Config API catalog.
return {
	slug = "customer.io",
	display_name = "Customer.io",
	description = "Send messages that follow from what users do.",
	website = "https://customer.io",
	components = { "WEB", "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "group", "identify", "page_view", "track" },
	category = "Email Marketing",
	settings = {
		{
			name = "apiKey",
			display_name = "API Key",
			type = "STRING",
			default = "",
			regexp = "^([a-z0-9]{20})?([a-z0-9]{64})?$",
		},
		{ name = "convertToUnixTime", display_name = "Convert To Unix Time", type = "BOOLEAN", default = true },
		{
			name = "datacenter",
			display_name = "Customer.io Datacenter",
			type = "SELECT",
			default = "",
			options = { "us", "eu" },
		},
		{
			name = "siteId",
			display_name = "Site ID",
			type = "STRING",
			default = "",
			required = true,
			regexp = "^([a-z0-9]{20})?([a-z0-9]{64})?$",
		},
	},
}
