-- Tokens of installs: each install has one that works.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local store = require "store"

local install_tokens = {}

--- Makes a new token for an install; the old one no longer works.
---@param install table n, workspace, source, scope
---@return string token
function install_tokens.issue(install)
	local token = store.opaque()
	assert(
		db.exec(
			[[INSERT INTO tokens (hash, install, scope, workspaces, source, expires) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (install) DO UPDATE SET hash = excluded.hash, expires = excluded.expires]],
			store.hash(token),
			install.n,
			install.scope,
			" " .. install.workspace .. " ",
			install.source,
			store.now() + assumptions.token_seconds * 1000
		)
	)
	return token
end

--- The body of the response to an exchange of a code and to a renewal.
---@param install table
---@param client table
---@param token string
---@param expires_in integer seconds
---@return table
function install_tokens.body(install, client, token, expires_in)
	return {
		access_token = token,
		token_type = "bearer",
		expires_in = expires_in,
		scope = install.scope,
		app_name = "apps/" .. client.n,
		install_name = "installs/" .. install.n,
		workspace_names = json.array { install.workspace },
		source_names = install.source and json.array { install.source } or nil,
	}
end

--- Removes an install with its token and codes, as an owner can in the workspace's settings.
---@param n integer of the install
function install_tokens.remove(n)
	assert(db.transaction(function()
		assert(db.exec("DELETE FROM tokens WHERE install = ?", n))
		assert(db.exec("DELETE FROM codes WHERE install = ?", n))
		return db.exec("DELETE FROM installs WHERE n = ?", n)
	end))
end

return install_tokens
