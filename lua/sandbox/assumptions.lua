-- Assumptions about Segment: its documents say nothing about these points, so the sandbox had to choose. They are all
-- here, to be seen and changed: the number in docs/assumptions.md, a sentence, and the values that the sandbox reads by
-- their names (`assumptions.code_seconds`). The page at /assumptions shows them.

local LIST = {
	{
		"A1",
		"A state of any length is accepted; --strict refuses fewer than 8 characters, as fosite does.",
		state_min = 8,
	},
	{ "A2", "An unknown client or redirect_uri is answered directly, with a page or JSON, never with a redirect." },
	{
		"A3",
		"A second install of an app on a workspace is an error redirect.",
		already_installed = { error = "invalid_request", description = "install already exists" },
	},
	{ "A4", "A user who does not own the workspace cannot consent.", not_owner = "access_denied" },
	{ "A5", "The only grant type is authorization_code." },
	{ "A6", "A code can be exchanged once, within ten minutes.", code_seconds = 600 },
	{ "A7", "An install token is renewed by GET and by POST.", renew_by_post = true },
	{ "A8", "The response to a renewal has source_names too, for destination/<slug>.", renewal_names_source = true },
	{
		"A9",
		"A renewal with wrong credentials is 401 (16); for an unknown install or one of another app it is 404 (5).",
	},
	{
		"A10",
		'An expired, replaced or unknown token is 401 (16) with the message "malformed token".',
		bad_token = "malformed token",
	},
	{
		"A11",
		"A personal access token has the scope workspace or workspace:read.",
		token_scopes = { workspace = true, ["workspace:read"] = true },
	},
	{
		"A12",
		"Personal access tokens: wrong login 401 (16), unknown workspace 404 (5), wrong field 400 (3), not an owner 403 (7).",
	},
	{ "A13", "Personal access tokens can be listed, read and deleted below /v1beta/access-tokens." },
	{
		"A14",
		'A body can have any Content-Type, single quotes and "true" instead of true; --strict refuses the last two.',
		lenient_bodies = true,
	},
	{
		"A15",
		"An app has a display name, a known scope and one to five redirect URIs; it is public only when the request says so.",
		redirect_uris_most = 5,
	},
	{ "A16", "Editing an app is 501 (12)." },
	{ "A17", "An unknown path and an unknown method of a path are both 404 (5)." },
	{ "A18", "A deletion is answered with 200 and {}." },
	{ "A19", "The rate limit counts the requests of each token in fixed minutes.", requests_per_minute = 200 },
	{ "A20", "A 429 has the header Retry-After.", retry_after = true },
	{
		"A21",
		"A page has 10 items, of the catalogs 100, and never more than 100; a wrong page_size or page_token is 400 (3).",
		page_size = 10,
		page_size_catalog = 100,
		page_size_most = 100,
	},
	{ "A22", "GET /v1beta/workspaces is a list, also for a token of one workspace." },
	{ "A23", "A name that does not fit the URL, a wrong slug and an unknown catalog source are 400 (3)." },
	{ "A24", "Deleting a source deletes its destinations." },
	{ "A25", "A destination's settings have the types of the catalog in lower case." },
	{ "A26", "Settings are sorted by name." },
	{ "A27", "An unknown destination is 404 (5); a wrong setting is 400 (3), and the message names the setting." },
	{
		"A28",
		"Required settings are needed to enable a destination, not to create it.",
		required_when_enabled = true,
	},
	{ "A29", "The update mask can also be inside of the resource." },
	{ "A30", "A mask with an unknown path is 400 (3)." },
	{ "A31", "A mask that names config without a config resets all settings; connection_mode becomes UNSPECIFIED." },
	{ "A32", "A path of a mask can leave out the resource: enabled is destination.enabled." },
	{ "A33", "update_time changes only when another field changes." },
	{
		"A34",
		"The bodies of the event delivery metrics are invented; a token of destination/<slug> cannot read them.",
		metrics_for_destinations = false,
	},
	{ "A35", "IAM, privacy and functions are 501 (12)." },
	{ "A36", "A request that the scope does not allow is 403 (7), also where Segment's documents say nothing." },
	{ "A37", "A token of destination/<slug> can read the catalogs." },
	{ "A38", "The order of checks: rate limit, token, path, scope, existence, body, conflict." },
	{
		"A40",
		"The event intake answers 200 and { success: true }; a refusal is 400 with success: false and a message.",
		intake_accepted = { success = true },
	},
	{ "A42", "A preview of a filter takes { filter, payload } and answers { input_payload, filtered_payload }." },
	{ "A43", "A filter whose condition cannot be compiled is refused with 400 (3)." },
	{ "A44", "A source can have one tracking plan; a second one is 409 (6)." },
	{
		"A45",
		"A redirect_uri can also be plain http to 127.0.0.1 or [::1]; --strict refuses all but localhost, as fosite does.",
	},
	{
		"A46",
		"A condition of a filter that meets a value of a type which Segment's documents do not name for it, such as "
			.. "contains of a list, cannot be judged; then the event is not sent.",
	},
	{
		"A47",
		"A value that breaks a tracking plan is let through when allow_track_properties_on_violations is "
			.. "true, else taken out when allow_track_event_on_violations is true, else it blocks the event; of JSON"
			.. " Schema the keywords type, required, properties, additionalProperties = false, items, enum, const, "
			.. "minimum, maximum, minLength and maxLength count.",
	},
	{
		"A48",
		"An id that is empty or null is absent, and an event name too; a group without groupId and an alias "
			.. "without previousId are id_required; context.consent needs categoryPreferences.",
	},
	{
		"A49",
		"Webhooks (Actions) has one mapping, which is in its settings: trigger, url, method, headers and "
			.. "data, a mapping of the event; a batch has the events of one request to /v1/batch.",
	},
	{
		"A50",
		"forwarding_violations_to has no effect, and what a tracking plan takes out of an event is in the event's story "
			.. "only, not in context.protocols, whose form no document shows.",
	},
	{
		"A51",
		"The event intake takes JSON as application/json and as text/plain, packed with gzip or not, from pages of any "
			.. "origin (Access-Control-Allow-Origin: *, without credentials); /v1/import is /v1/batch; a pixel is 200 and "
			.. "an image, whatever became of the event; the counts of /v1/m are not kept.",
	},
}

local values = {
	list = LIST,
	-- Not assumed: Segment's samples have these values.
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
