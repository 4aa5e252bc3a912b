-- Where Segment's own documents are silent the choice is ours: all such choices, in one place, so that they can be seen
-- and changed. Each has the number that the documentation lists it under, a sentence, and the values the sandbox reads
-- by their names (`assumptions.code_seconds`). The page at /assumptions shows them.

local LIST = {
	{
		"A1",
		"A state of any length is accepted; --strict refuses fewer than 8 characters, as fosite does.",
		state_min = 8,
	},
	{ "A2", "An unknown client or redirect_uri is answered directly, with a page or JSON, never with a redirect." },
	{
		"A3",
		"An app that the workspace has already is an error redirect.",
		already_installed = { error = "invalid_request", description = "install already exists" },
	},
	{ "A4", "A user who does not own the workspace cannot consent.", not_owner = "access_denied" },
	{ "A5", "Of the grants there is authorization_code only." },
	{ "A6", "A code is good for ten minutes, once.", code_seconds = 600 },
	{ "A7", "An install token is renewed by GET and by POST.", renew_by_post = true },
	{ "A8", "A renewal names the source too, for destination/<slug>.", renewal_names_source = true },
	{ "A9", "A renewal with bad credentials is 401 (16); of an unknown or foreign install 404 (5)." },
	{
		"A10",
		"An expired, replaced or unknown token is 401 (16), and the text says so in Segment's words.",
		bad_token = "malformed token",
	},
	{
		"A11",
		"A personal access token has the scope workspace or workspace:read.",
		token_scopes = { workspace = true, ["workspace:read"] = true },
	},
	{
		"A12",
		"Personal access tokens: bad login 401 (16), unknown workspace 404 (5), bad fields 400 (3), no owner 403 (7).",
	},
	{ "A13", "Personal access tokens can be listed, read and deleted below /v1beta/access-tokens." },
	{
		"A14",
		'Bodies may have any Content-Type, single quotes, and "true" for true; --strict refuses that.',
		lenient_bodies = true,
	},
	{
		"A15",
		"An app needs a display name, a scope of the catalog and one to five redirect URIs; it is public when it says so.",
		redirect_uris_most = 5,
	},
	{ "A16", "Editing an app is 501 (12)." },
	{ "A17", "An unknown path and a method that a path has not are both 404 (5)." },
	{ "A18", "Deleting answers 200 and {}." },
	{ "A19", "Requests are counted for each token, in fixed minutes.", requests_per_minute = 200 },
	{ "A20", "A 429 carries Retry-After.", retry_after = true },
	{
		"A21",
		"Pages have 10 items, those of the catalogs 100, at most 100; bad page_size and page_token are 400 (3).",
		page_size = 10,
		page_size_catalog = 100,
		page_size_most = 100,
	},
	{ "A22", "The workspaces are a list, also for a token of one." },
	{ "A23", "A name that does not belong to the URL, a bad slug and an unknown catalog source are 400 (3)." },
	{ "A24", "Deleting a source deletes its destinations." },
	{ "A25", "The types of an instance's settings are those of the catalog in lower case." },
	{ "A26", "Settings come sorted by name." },
	{ "A27", "An unknown destination is 404 (5), a bad setting 400 (3) and named." },
	{
		"A28",
		"Required settings are needed to enable a destination, not to create it.",
		required_when_enabled = true,
	},
	{ "A29", "The update mask may also stand inside of the resource." },
	{ "A30", "A mask with an unknown path is 400 (3)." },
	{ "A31", "A mask that names config without a config resets all settings; connection_mode becomes UNSPECIFIED." },
	{ "A32", "Paths of a mask may lack the resource in front: enabled is destination.enabled." },
	{ "A33", "update_time changes only when something else does." },
	{
		"A34",
		"The bodies of the event delivery metrics are invented; a token of destination/<slug> does not read them.",
		metrics_for_destinations = false,
	},
	{ "A35", "IAM, privacy and functions are 501 (12)." },
	{ "A36", "What a scope does not reach is 403 (7), also where the sources are silent." },
	{ "A37", "A token of destination/<slug> reads the catalogs." },
	{ "A38", "The order of checks: rate limit, token, path, scope, existence, body, conflict." },
	{
		"A40",
		"The event intake answers 200 and { success: true }; a refusal is 400 with success: false and a message.",
		intake_accepted = { success = true },
	},
	{ "A42", "A preview of a filter takes { filter, payload } and answers { input_payload, filtered_payload }." },
	{ "A43", "A filter whose condition cannot be read is 400 (3) when it is written." },
	{ "A44", "A source has one tracking plan at most; another one is 409 (6)." },
	{
		"A45",
		"A redirect_uri may also be plain http to 127.0.0.1 or [::1]; --strict refuses all but localhost, as fosite does.",
	},
}

local values = {
	list = LIST,
	-- Not assumed, but facts with a number: what the samples show.
	exchange_expires_in = 3599,
	renewal_expires_in = 3600,
	token_seconds = 3600,
}

for _, entry in ipairs(LIST) do
	for name, value in pairs(entry) do
		if type(name) == "string" then
			values[name] = value
		end
	end
end

return setmetatable(values, {
	__index = function(_, name)
		error("there is no assumption '" .. tostring(name) .. "'", 2)
	end,
})
