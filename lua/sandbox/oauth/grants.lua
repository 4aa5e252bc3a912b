-- Answers to a request for consent: an install and a code, or an error. Each sends the browser back to the app.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local http = require "partnerapp.http"
local reply = require "partnerapp.reply"
local scopes = require "oauth.scopes"
local store = require "store"

local grants = {}

local KEPT_SECONDS = 86400 -- an expired code is kept this long, to notice a second use

-- fosite sends a state back also when the request has none.
local function back(asked, fields)
	fields[#fields + 1] = { "state", asked.state or "" }
	local separator = asked.redirect_uri:find("?", 1, true) and "&" or "?"
	return reply.redirect(asked.redirect_uri .. separator .. http.form(fields), { status = 302, external = true })
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

-- Workspaces with their sources; a workspace without a source has one row too.
local PLACES = [[SELECT w.slug AS workspace, w.display_name, w.owner, s.name AS source, s.slug AS source_slug
	FROM workspaces w LEFT JOIN sources s ON s.workspace = w.slug ORDER BY w.n, s.n]]

--- The choices of the consent page: workspaces or, for the scope of a destination, sources.
---@param client table
---@return table[] choices value, workspace, source, owned, group (the workspace's display name), label
function grants.choices(client)
	local list, last = {}, nil
	local of_destination = scopes.destination(client.scope) ~= nil
	for _, row in ipairs(assert(db.query(PLACES))) do
		local name = "workspaces/" .. row.workspace
		local wanted = of_destination and row.source or not of_destination and last ~= name
		if wanted and (client.public or client.workspace == row.workspace) then
			list[#list + 1] = {
				value = of_destination and row.source or name,
				workspace = name,
				source = of_destination and row.source or nil,
				owned = row.owner == store.user.email,
				group = row.display_name,
				label = of_destination and row.source_slug or row.display_name,
			}
		end
		last = name
	end
	return list
end

--- Whether a choice is a workspace or source, also one where this app cannot be installed.
---@param value any
---@return boolean
function grants.is_place(value)
	for _, row in ipairs(assert(db.query(PLACES))) do
		if value == row.source or value == "workspaces/" .. row.workspace then
			return true
		end
	end
	return false
end

local DENIED = "The resource owner or authorization server denied the request"

--- Sends the browser back because the user pressed Deny.
---@param asked table
---@return table response
function grants.deny(asked)
	return grants.refuse(asked, "access_denied", DENIED, "The resource owner denied the request.")
end

-- An install is complete when its code was exchanged. One whose code expired before does not keep the app from being
-- installed.
local function forget_abandoned(client, choice)
	assert(
		db.exec(
			[[DELETE FROM installs WHERE client_id = ? AND workspace = ?
			AND n IN (SELECT install FROM codes WHERE token IS NULL AND expires <= ?)]],
			client.client_id,
			choice.workspace,
			store.now()
		)
	)
end

local function is_installed(client, choice)
	return db.row("SELECT 1 FROM installs WHERE client_id = ? AND workspace = ?", client.client_id, choice.workspace)
end

local function add_install(client, choice)
	local n = store.number "installs"
	assert(
		db.exec(
			"INSERT INTO installs (n, client_id, workspace, source, scope) VALUES (?, ?, ?, ?, ?)",
			n,
			client.client_id,
			choice.workspace,
			choice.source,
			client.scope
		)
	)
	return n
end

local function add_code(asked, install)
	local code, now = store.opaque(), store.now()
	assert(db.exec("DELETE FROM codes WHERE expires < ?", now - KEPT_SECONDS * 1000))
	assert(
		db.exec(
			[[INSERT INTO codes (hash, client_id, redirect_uri, install, challenge, challenge_method, expires)
			VALUES (?, ?, ?, ?, ?, ?, ?)]],
			store.hash(code),
			asked.client_id,
			asked.redirect_uri,
			install,
			asked.code_challenge,
			asked.code_challenge_method,
			now + assumptions.code_seconds * 1000
		)
	)
	return code
end

local function install(asked, client, choice)
	forget_abandoned(client, choice)
	if is_installed(client, choice) then
		local said = assumptions.already_installed
		return grants.refuse(asked, said.error, said.description, "An app can be installed once on a workspace.")
	end
	local code = add_code(asked, add_install(client, choice))
	return back(asked, { { "code", code }, { "scope", client.scope } })
end

--- Installs the app where the user chose and sends the browser back with a code.
---@param asked table
---@param client table
---@param choice table? one of `choices`; nil when there is none
---@return table response
function grants.allow(asked, client, choice)
	if not choice then
		local hint = "The app is not public: other workspaces cannot install it."
		return grants.refuse(asked, "access_denied", DENIED, hint)
	elseif not choice.owned then
		local hint = "Only an owner of the workspace may install an app."
		return grants.refuse(asked, assumptions.not_owner, DENIED, hint)
	end
	return assert(db.transaction(function()
		return install(asked, client, choice)
	end))
end

return grants
