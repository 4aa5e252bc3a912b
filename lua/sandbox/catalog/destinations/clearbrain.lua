-- ClearBrain: facts of Segment's Config API catalog.
return {
	slug = "clearbrain",
	display_name = "ClearBrain",
	description = "Predict what users will do next.",
	website = "https://clearbrain.com/",
	components = { "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "identify", "page_view", "track" },
	category = "Personalization",
	settings = {
		{
			name = "apiKey",
			display_name = "API Key",
			type = "STRING",
			default = "",
			required = true,
			regexp = "^.{8,}$",
		},
	},
}
