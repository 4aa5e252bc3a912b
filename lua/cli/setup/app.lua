-- partnerapp setup app: creates an app at Segment with the access token and keeps its client's id and secret in .env.
-- Scope and redirect URIs are those that the scripts mount for that client, unless flags or answers say otherwise.
local answers = require "cli.setup.answers"
local creation = require "cli.setup.creation"
local files = require "native.files"
local http = require "native.http"
local json = require "partnerapp.json"
local sys = require "native.sys"

local command = {
	summary = "Create an app at Segment with that token",
	usage = "[APP] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		client = { value = "NAME", help = "for the mounts with that client: report is REPORT_CLIENT_ID, …" },
		["display-name"] = { value = "TEXT", help = "the app's name, which customers see" },
		description = { value = "TEXT", help = "what customers read about it" },
		scope = { value = "SCOPE", help = "what to ask customers for; default: as your scripts mount it" },
		["redirect-uris"] = { value = "URIS", help = "up to five, separated by spaces; default: those of your scripts" },
		public = {
			value = "yes|no",
			choices = { "yes", "no" },
			help = "whether other workspaces may install it; default: yes",
		},
		["client-uri"] = { value = "URI", help = "the app's web page" },
		["logo-uri"] = { value = "URI", help = "its logo" },
		["logo-mark-uri"] = { value = "URI", help = "its logo, small" },
		["tos-uri"] = { value = "URI", help = "its terms of service" },
		["policy-uri"] = { value = "URI", help = "its privacy policy" },
		["documentation-uri"] = { value = "URI", help = "its documentation" },
		replace = { help = "replace the keys of a client that .env has" },
	},
	examples = [[
partnerapp setup app
partnerapp setup app --display-name "My app" --description "Does this" --public no
partnerapp setup app --display-name "My report" --client report
partnerapp setup app --segment-workspace my-workspace     by the older path, below a workspace
partnerapp setup app ./my-app --segment-api-url http://127.0.0.1:8889]],
}

local URIS_MOST = 5
local URIS = { "client_uri", "logo_uri", "logo_mark_uri", "tos_uri", "policy_uri", "documentation_uri" }

local NO_APPS = "Segment no longer registers new apps; `partnerapp sandbox` does."

local ADVICE = {
	unauthorized = "`partnerapp setup token --replace` creates another access token.",
	forbidden = "`partnerapp setup token --replace` creates an access token that may do it.",
	not_found = "Check SEGMENT_WORKSPACE, and that the access token is for it. " .. NO_APPS,
	unimplemented = NO_APPS,
}

local DONE = [[
Created %s: scope %s, %s.
  client id      %s
  client secret  *** (Segment does not show it again)
  redirect URIs  %s
They are kept as %s and %s in .env. ACCESS_TOKEN is needed there only to create more apps.

Next: partnerapp serve%s
]]

function command.plan(given)
	return creation.plan("setup.app", given)
end

local function check_token(text)
	if not text:find "^%g+$" then
		return nil, "is not an access token"
	end
	return text
end

local function check_client(text)
	if not text:find "^%a[%w_-]*$" then
		return nil, "must be a name such as report"
	end
	return text
end

local function check_scope(text)
	if text ~= "workspace" and text ~= "workspace:read" and not text:find "^destination/[%w._-]+$" then
		return nil, "must be destination/SLUG, workspace:read or workspace"
	end
	return text
end

local function check_uri(text)
	local parts, message = http.parse_url(text)
	if not parts then
		return nil, message
	elseif parts.fragment then
		return nil, "must have no fragment"
	end
	return text
end

local function check_redirect_uris(text)
	local list = json.array {}
	for uri in text:gmatch "%S+" do
		local _, message = check_uri(uri)
		if message then
			return nil, ("%s: %s"):format(uri, message)
		end
		list[#list + 1] = uri
	end
	if #list == 0 or #list > URIS_MOST then
		return nil, ("must be one to %d URIs"):format(URIS_MOST)
	end
	return list
end

-- The scope and the redirect URIs that the scripts mount for a client, each nil when there is no such mount.
local function mounted(client)
	local ok, host = pcall(require, "partnerapp.host")
	if not ok then
		files.err(("partnerapp: warning: the app does not load: %s\n"):format(tostring(host)))
		return nil, nil
	end
	local public_url = require("partnerapp.config").public_url
	local scope, uris = nil, {}
	for _, flow in ipairs(host.app:flows()) do
		if flow.client == client and not (flow.server and not flow.server.is_segment) then
			scope = scope or flow.scope
			uris[#uris + 1] = flow.scope == scope and public_url .. flow.path .. "/callback" or nil
		end
	end
	if not scope and not client and host.app.destination then
		scope, uris[1] = "destination/" .. host.app.destination, public_url .. "/auth/segment/callback"
	end
	return scope, uris[1] and table.concat(uris, " ", 1, math.min(#uris, URIS_MOST))
end

local function fields_of(given, client)
	local scope, uris = mounted(client)
	local fields = {
		{
			name = "token",
			given = given.ACCESS_TOKEN,
			how = "ACCESS_TOKEN",
			why = "`partnerapp setup token` creates one and keeps it in .env",
			check = check_token,
		},
		{
			name = "display_name",
			given = given["flag.display-name"],
			question = "Name that customers see",
			how = "--display-name",
		},
		{
			name = "description",
			given = given["flag.description"],
			question = "Description",
			default = "",
			how = "--description",
		},
		{
			name = "scope",
			given = given["flag.scope"],
			question = "Scope",
			default = scope,
			how = "--scope",
			check = check_scope,
		},
		{
			name = "redirect_uris",
			given = given["flag.redirect-uris"],
			question = "Redirect URIs, separated by spaces",
			default = uris,
			how = "--redirect-uris",
			check = check_redirect_uris,
		},
		{
			name = "public",
			given = given["flag.public"],
			question = "May other workspaces install it (yes or no)",
			default = "yes",
			how = "--public",
			check = answers.yes_or_no,
		},
		{ name = "client", given = client, default = "", how = "--client", check = check_client },
		{
			name = "workspace",
			given = given.SEGMENT_WORKSPACE,
			default = "",
			how = "SEGMENT_WORKSPACE",
			check = answers.workspace,
		},
	}
	for _, name in ipairs(URIS) do
		local flag = name:gsub("_", "-")
		fields[#fields + 1] =
			{ name = name, given = given["flag." .. flag], default = "", how = "--" .. flag, check = check_uri }
	end
	return fields
end

local function create(answered)
	local segment = require "partnerapp.segment"
	local app = {
		display_name = answered.display_name,
		description = answered.description,
		scope = answered.scope,
		redirect_uris = answered.redirect_uris,
		public = answered.public == "yes",
	}
	for _, name in ipairs(URIS) do
		app[name] = answered[name] ~= "" and answered[name] or nil
	end
	local workspace = answered.workspace ~= "" and "workspaces/" .. answered.workspace or nil
	return segment.new({ token = answered.token }):create_app(app, workspace)
end

function command.run()
	local given = sys.settings()
	local client = given["flag.client"]
	local id_setting, secret_setting = require("partnerapp.oauth.clients").setting_names(client)
	return creation.run {
		what = "app",
		keys = { { setting = id_setting, field = "client_id" }, { setting = secret_setting, field = "client_secret" } },
		fields = fields_of(given, client),
		create = create,
		advice = ADVICE,
		done = function(name, answered, made)
			return DONE:format(
				name,
				answered.scope,
				answered.public == "yes" and "other workspaces may install it" or "for your own workspace only",
				made.client_id,
				table.concat(answered.redirect_uris, " "),
				id_setting,
				secret_setting,
				given.again
			)
		end,
	}
end

return command
