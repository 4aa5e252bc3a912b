-- Apps: created below a workspace (March 2019) or without one (May 2019); never edited through the API (A16). Their
-- routes take a personal access token.
local access = require "api.access"
local body = require "api.body"
local clients = require "oauth.clients"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local paging = require "api.paging"
local redirect_uris = require "oauth.redirect_uris"
local reply = require "partnerapp.reply"
local resource = require "api.resource"
local scopes = require "oauth.scopes"

local URIS = { "client_uri", "logo_uri", "tos_uri", "policy_uri", "documentation_uri", "logo_mark_uri" }
local EMPTY_TEXTS = { "primary_category", "catalog_with_segment_description", "catalog_get_more_with_segment" }
local EMPTY_LISTS = { "categories", "screenshots", "key_features" }
local NAME_MOST, DESCRIPTION_MOST = 200, 2000

local function is_text(value, most)
	return type(value) == "string" and #value <= most
end

local function problem_of(asked)
	local description = body.field(asked, "description")
	if not is_text(asked.display_name, NAME_MOST) or not asked.display_name:find "%S" then
		return ("display_name must be a string of at most %d bytes that is not empty"):format(NAME_MOST)
	elseif description ~= nil and not is_text(description, DESCRIPTION_MOST) then
		return ("description must be a string of at most %d bytes"):format(DESCRIPTION_MOST)
	end
	local problem = scopes.problem(asked.scope)
	if problem then
		return problem
	end
	for _, name in ipairs(URIS) do
		local value = body.field(asked, name)
		if value ~= nil and value ~= "" and not redirect_uris.is_absolute(value) then
			return name .. " must be an absolute URI"
		end
	end
	return redirect_uris.problem(asked.redirect_uris)
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
		description = client.details.description or "",
	}
	for _, name in ipairs(URIS) do
		app[name] = client.details[name] or ""
	end
	if client.below_workspace then
		app.parent = "workspaces/" .. client.workspace
		app.name = app.parent .. "/apps/" .. client.n
		return app
	end
	for _, name in ipairs(EMPTY_LISTS) do
		app[name] = json.array {}
	end
	for _, name in ipairs(EMPTY_TEXTS) do
		app[name] = ""
	end
	app.technical_contact = { name = "", email = "", role = "" }
	app.test_account = { email = "", password = "", notes = "" }
	return app
end

-- The workspace of the path, else the token's first: an app that is not public can be installed only there.
local function owner_of(req, token)
	return req.params.workspace or token.workspaces:match "^ workspaces/(%S+)"
end

local function create(req, token)
	local asked, refusal = body.resource(req, "app")
	if not asked then
		return refusal
	end
	local problem = problem_of(asked)
	if problem then
		return errors.invalid(problem)
	end
	local given = body.field(asked, "public")
	local public = given ~= nil and body.boolean(given)
	if public == nil then
		return errors.invalid "public must be a boolean"
	end
	local details = { description = body.field(asked, "description") }
	for _, name in ipairs(URIS) do
		details[name] = body.field(asked, name)
	end
	local client = clients.register {
		scope = asked.scope,
		redirect_uris = asked.redirect_uris,
		public = public,
		display_name = asked.display_name,
		workspace = owner_of(req, token),
		below_workspace = req.params.workspace ~= nil,
		details = details,
	}
	return reply.json(shown(client, true))
end

-- The paths of both generations show all apps of the workspaces, each app in the form it was made in.
local function rows_of(req, token)
	local rows = {}
	for _, name in ipairs(access.workspaces(token)) do
		local slug = name:match "^workspaces/(.*)$"
		if not req.params.workspace or req.params.workspace == slug then
			local sql = "SELECT n, client_id FROM clients WHERE workspace = ? ORDER BY n"
			for _, row in ipairs(assert(db.query(sql, slug))) do
				rows[#rows + 1] = row
			end
		end
	end
	return rows
end

local function list(req, token)
	local apps = {}
	for i, row in ipairs(rows_of(req, token)) do
		apps[i] = shown(clients.find(row.client_id), false)
	end
	return paging.reply(req, "apps", apps)
end

local function find(req, token)
	for _, row in ipairs(rows_of(req, token)) do
		if tostring(row.n) == req.params.n then
			return clients.find(row.client_id)
		end
	end
end

local get = resource.showing(function(client)
	return shown(client, false)
end)

local function refuse_edit()
	return errors.not_implemented "apps cannot be edited"
end

local function guard(_, handler)
	return access.guard("apps", handler)
end

return function(app)
	for _, path in ipairs { "/v1beta/workspaces/:workspace/apps", "/v1beta/apps" } do
		resource.add(app, path, "/:n", {
			guard = guard,
			find = find,
			list = list,
			create = create,
			get = get,
			patch = refuse_edit,
			put = refuse_edit,
		})
	end
end
