-- Webhooks (Actions): the settings of Segment's destination, and the fields of its one action (A49).
return {
	slug = "actions-webhook",
	display_name = "Webhooks (Actions)",
	description = "Send events to an address of your own, with the method, headers and body that you map.",
	website = "https://segment.com",
	components = { "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "alias", "group", "identify", "page_view", "track" },
	category = "Raw Data",
	settings = {
		{ name = "batch_size", display_name = "Batch Size", type = "NUMBER", min = 1, max = 4000, default = 1000 },
		{ name = "data", display_name = "Data", type = "MAP", default = { ["@path"] = "$." } },
		{ name = "enable_batching", display_name = "Batch data", type = "BOOLEAN", default = false },
		{ name = "headers", display_name = "Headers", type = "MAP", default = {} },
		{
			name = "method",
			display_name = "Method",
			type = "SELECT",
			options = { "POST", "PUT", "PATCH" },
			default = "POST",
		},
		{ name = "sharedSecret", display_name = "Shared Secret", type = "PASSWORD", default = "" },
		{ name = "trigger", display_name = "Trigger", type = "STRING", default = "" },
		{ name = "url", display_name = "URL", type = "STRING", default = "" },
	},
}
