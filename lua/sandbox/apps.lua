-- Apps: created below a workspace (March 2019) or without one (May 2019); never edited through the API.
local access = require "access"
local assumptions = require "assumptions"
local body = require "body"
local clients = require "clients"
local db = require "partnerapp.db"
local errors = require "errors"
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local pages = require "pages"
local reply = require "partnerapp.reply"
local scopes = require "scopes"

local TEXTS = { "description", "client_uri", "logo_uri", "tos_uri", "policy_uri", "documentation_uri", "logo_mark_uri" }

local function is_uri(value)
	if type(value) ~= "string" or #value > 2000 or value:find("#", 1, true) then
		return false
	end
	local scheme = value:match("^(%a[%w+.-]*)://[^/?#]")
	return scheme ~= nil and (scheme ~= "http" and scheme ~= "https" or http.parse_url(value) ~= nil)
end

local function uris_problem(uris)
	if not json.is_array(uris) or #uris == 0 then
		return "redirect_uris must name at least one URI"
	elseif #uris > assumptions.A15_redirect_uris_most then
		return ("redirect_uris: at most %d"):format(assumptions.A15_redirect_uris_most)
	end
	for _, uri in ipairs(uris) do
		if not is_uri(uri) then
			return "redirect_uris must be absolute URIs without a fragment"
		end
	end
end

local function problem(asked)
	if type(asked) ~= "table" then
		return "app is missing"
	elseif type(asked.display_name) ~= "string" or asked.display_name == "" or #asked.display_name > 200 then
		return "display_name must be a text"
	elseif not scopes.is_known(asked.scope) then
		return "scope must be workspace, workspace:read or destination/<slug> with a slug of the catalog"
	end
	for _, name in ipairs(TEXTS) do
		local value = asked[name]
		if value ~= nil and (type(value) ~= "string" or #value > 2000) then
			return name .. " must be a text"
		end
	end
	return uris_problem(asked.redirect_uris)
end

local function shown(client, with_secret)
	local app = {
		name = "apps/" .. client.n,
		client_id = client.client_id,
		client_secret = with_secret and client.secret or nil,
		public = client.public,
		redirect_uris = client.redirect_uris,
		scope = client.scope,
		display_name = client.display_name,
	}
	for _, name in ipairs(TEXTS) do
		app[name] = client.details[name] or ""
	end
	if client.workspace then
		app.parent = "workspaces/" .. client.workspace
		app.name = app.parent .. "/apps/" .. client.n
		return app
	end
	for _, name in ipairs { "categories", "screenshots", "key_features" } do
		app[name] = json.array {}
	end
	for _, name in ipairs {
		"primary_category",
		"catalog_with_segment_description",
		"catalog_get_more_with_segment",
	} do
		app[name] = ""
	end
	app.technical_contact = { name = "", email = "", role = "" }
	app.test_account = { email = "", password = "", notes = "" }
	return app
end

local function create(app, req, workspace)
	local value, refusal = body.read(app, req)
	if not value then
		return refusal
	end
	local asked = value.app
	local why = problem(asked)
	local public = asked and asked.public
	if not why and public ~= nil then
		public = body.boolean(app, public)
		why = public == nil and "public must be a boolean" or nil
	end
	if why then
		return errors.api(3, why)
	end
	local details = {}
	for _, name in ipairs(TEXTS) do
		details[name] = asked[name]
	end
	return reply.json(shown(
		clients.register {
			scope = asked.scope,
			redirect_uris = asked.redirect_uris,
			public = public,
			display_name = asked.display_name,
			workspace = workspace,
			details = details,
		},
		true
	))
end

local function list(req, workspace)
	local apps = {}
	for i, row in ipairs(assert(db.query("SELECT client_id FROM clients WHERE workspace IS ? ORDER BY n", workspace))) do
		apps[i] = shown(clients.find(row.client_id), false)
	end
	return pages.reply(req, "apps", apps)
end

local function get(req, workspace)
	local n = math.tointeger(tonumber(req.params.n))
	local row = n and db.row("SELECT client_id FROM clients WHERE n = ? AND workspace IS ?", n, workspace)
	if not row then
		return errors.api(5, "not found")
	end
	return reply.json(shown(clients.find(row.client_id), false))
end

return function(app)
	for _, prefix in ipairs { "/v1beta/workspaces/:workspace/apps", "/v1beta/apps" } do
		app:post(
			prefix,
			access.guard("write", function(req)
				return create(app, req, req.params.workspace)
			end),
			{ csrf = false }
		)
		app:get(
			prefix,
			access.guard("read", function(req)
				return list(req, req.params.workspace)
			end)
		)
		app:get(
			prefix .. "/:n",
			access.guard("read", function(req)
				return get(req, req.params.workspace)
			end)
		)
		for _, method in ipairs { "patch", "put" } do
			app[method](
				app,
				prefix .. "/:n",
				access.guard("write", function()
					return errors.api(12, "apps cannot be edited")
				end),
				{ csrf = false }
			)
		end
	end
end
