-- What follows from an answer to the consent page: an install and a code, or an error, back at the app.
local assumptions = require "assumptions"
local catalog = require "catalog"
local clock = require "partnerapp.clock"
local db = require "partnerapp.db"
local http = require "partnerapp.http"
local reply = require "partnerapp.reply"
local scopes = require "scopes"
local store = require "store"

local grants = {}

local function back(asked, fields)
	if asked.state then
		fields[#fields + 1] = { "state", asked.state }
	end
	local separator = asked.redirect_uri:find("?", 1, true) and "&" or "?"
	return reply.redirect(asked.redirect_uri .. separator .. http.form(fields), 302)
end

--- Sends the browser back with an OAuth error.
---@param asked table the request for consent
---@param name string
---@param description string
---@param hint string?
---@return table response
function grants.refuse(asked, name, description, hint)
	local fields = { { "error", name }, { "error_description", description } }
	if hint then
		fields[3] = { "error_hint", hint }
	end
	return back(asked, fields)
end

--- What a user may choose from: workspaces, with a source each when the scope is a destination's.
---@param client table
---@return table[] choices { value, workspace, source, label }
function grants.choices(client)
	local list = {}
	local of_destination = scopes.destination(client.scope) ~= nil
	for _, workspace in ipairs(assert(db.query("SELECT * FROM workspaces ORDER BY rowid"))) do
		local name = "workspaces/" .. workspace.slug
		local visible = client.public or client.workspace == workspace.slug
		if visible and not of_destination then
			list[#list + 1] = { value = name, workspace = name, label = workspace.display_name }
		elseif visible then
			local sources =
				assert(db.query("SELECT name, slug FROM sources WHERE workspace = ? ORDER BY rowid", workspace.slug))
			for _, source in ipairs(sources) do
				list[#list + 1] = {
					value = source.name,
					workspace = name,
					source = source.name,
					label = workspace.display_name .. " / " .. source.slug,
				}
			end
		end
	end
	return list
end

local function add_install(client, choice)
	local made, n, code = db.exec(
		"INSERT INTO installs (client_id, workspace, source, scope) VALUES (?, ?, ?, ?)",
		client.client_id,
		choice.workspace,
		choice.source,
		client.scope
	)
	if not made and code ~= "constraint" then
		error(n, 0)
	end
	return made and n
end

--- Installs the app where the user chose and sends the browser back with a code.
---@param asked table
---@param client table
---@param choice table? one of `choices`; nil when there is none
---@return table response
function grants.allow(asked, client, choice)
	if not choice then
		return grants.refuse(
			asked,
			"access_denied",
			"The resource owner or authorization server denied the request",
			"The app is not public: other workspaces cannot install it."
		)
	end
	local install = add_install(client, choice)
	if not install then
		local said = assumptions.A3_already_installed
		return grants.refuse(asked, said.error, said.description, "An app can be installed once on a workspace.")
	end
	local code = store.opaque()
	assert(
		db.exec(
			[[INSERT INTO codes (hash, client_id, redirect_uri, install, challenge, challenge_method, expires)
				VALUES (?, ?, ?, ?, ?, ?, ?)]],
			store.hash(code),
			client.client_id,
			asked.redirect_uri,
			install,
			asked.code_challenge,
			asked.code_challenge_method,
			clock.now() + assumptions.A6_code_seconds
		)
	)
	return back(asked, { { "code", code }, { "scope", client.scope } })
end

--- The display name of what a scope is about, for the page.
function grants.subject(client)
	local slug = scopes.destination(client.scope)
	local item = slug and catalog.find(slug)
	return item and item.display_name or nil
end

return grants
