-- Creates an app at Segment with the access token and keeps its client's id and secret in .env. What the scripts mount
-- for the client is what it is asked for, unless said otherwise.
local answers = require "cli.setup.answers"
local clients = require "partnerapp.oauth.clients"
local config = require "partnerapp.config"
local failure = require "cli.setup.failure"
local files = require "native.files"
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local keep = require "cli.setup.keep"
local segment = require "partnerapp.segment"
local sys = require "native.sys"

local task = {}

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
They are kept as %s and %s in .env. ACCESS_TOKEN is of no more use there, but for further apps.

Next: partnerapp serve%s
]]

local function check_token(text)
	if not text:find "^%g+$" then
		return nil, "is no access token"
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
		return nil, ("must be one to %d"):format(URIS_MOST)
	end
	return list
end

-- What the scripts ask the client for: a scope and redirect URIs, each nil when they do not say.
local function wanted_by_scripts(client)
	local ok, host = pcall(require, "partnerapp.host")
	if not ok then
		files.err(("partnerapp: warning: the app does not load: %s\n"):format(tostring(host)))
		return nil, nil
	end
	local scope, uris = nil, {}
	for _, flow in ipairs(host.app:flows()) do
		if flow.client == client and not (flow.server and not flow.server.is_segment) then
			scope = scope or flow.scope
			uris[#uris + 1] = flow.scope == scope and config.public_url .. flow.path .. "/callback" or nil
		end
	end
	if not scope and not client and host.app.destination then
		scope, uris[1] = "destination/" .. host.app.destination, config.public_url .. "/auth/segment/callback"
	end
	return scope, uris[1] and table.concat(uris, " ", 1, math.min(#uris, URIS_MOST))
end

local function fields_of(given, client)
	local scope, uris = wanted_by_scripts(client)
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
	local guard = keep.guard({ clients.setting_names(client) }, given["flag.replace"])
	if guard then
		table.insert(fields, 1, guard)
	end
	return fields
end

local function create(values)
	local app = {
		display_name = values.display_name,
		description = values.description,
		scope = values.scope,
		redirect_uris = values.redirect_uris,
		public = values.public == "yes",
	}
	for _, name in ipairs(URIS) do
		app[name] = values[name] ~= "" and values[name] or nil
	end
	local workspace = values.workspace ~= "" and "workspaces/" .. values.workspace or nil
	local made, message, code = segment.new({ token = values.token }):create_app(app, workspace)
	for _, name in ipairs { "client_id", "client_secret" } do
		if made and (type(made[name]) ~= "string" or not made[name]:find "^%g+$") then
			return nil, ("Segment's answer has no %s in it"):format(name), "bad_response"
		end
	end
	return made, message, code
end

function task.run()
	local given = sys.settings()
	local client = given["flag.client"]
	local fields = fields_of(given, client)
	if answers.report(fields) then
		return 2
	elseif not keep.can_write() then
		return 1
	end
	local values, exit_code = answers.collect(fields)
	if not values then
		return exit_code
	end
	local made, message, code = create(values)
	if not made then
		return failure("app", message, code, ADVICE)
	end
	local id_setting, secret_setting = clients.setting_names(client)
	local name = segment.is_name(made.name) and made.name or "the app"
	if not keep.save({ { id_setting, made.client_id }, { secret_setting, made.client_secret } }, name) then
		return 1
	end
	files.out(
		DONE:format(
			name,
			values.scope,
			values.public == "yes" and "other workspaces may install it" or "for your own workspace only",
			made.client_id,
			table.concat(values.redirect_uris, " "),
			id_setting,
			secret_setting,
			given.again
		)
	)
	return 0
end

return task
