-- Zendesk: facts of Segment's Config API catalog.
return {
	slug = "zendesk",
	display_name = "Zendesk",
	description = "Keep users and organizations in Zendesk up to date.",
	website = "https://www.zendesk.com",
	components = { "CLOUD" },
	platforms = { "browser", "server", "mobile" },
	methods = { "group", "identify" },
	category = "Customer Success",
	settings = {
		{
			name = "allowGroupWithoutUserId",
			display_name = "Send Group Calls Without UserId",
			type = "BOOLEAN",
			default = false,
		},
		{ name = "events", display_name = "Events", type = "LIST", default = {} },
		{
			name = "removeUsersFromOrganizations",
			display_name = "Enable Removing Users from Organizations",
			type = "BOOLEAN",
			default = false,
		},
		{ name = "subdomain", display_name = "Subdomain", type = "STRING", default = "" },
		{ name = "verified", display_name = "Create Users as Verified", type = "BOOLEAN", default = false },
	},
}
