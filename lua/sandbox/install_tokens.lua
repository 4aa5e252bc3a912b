-- The tokens of installs: one at a time works.
local assumptions = require "assumptions"
local clock = require "partnerapp.clock"
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local store = require "store"

local install_tokens = {}

--- Gives an install a new token; the one before stops to work. Call it inside a transaction.
---@param install table a row
---@return string token
function install_tokens.issue(install)
	local token = store.opaque()
	local hash = store.hash(token)
	if install.token then
		assert(db.exec("DELETE FROM tokens WHERE hash = ?", install.token))
	end
	assert(
		db.exec(
			"INSERT INTO tokens (hash, kind, install, scope, workspaces, source, expires) VALUES (?, 'install', ?, ?, ?, ?, ?)",
			hash,
			install.n,
			install.scope,
			store.encode { install.workspace },
			install.source,
			clock.now() + assumptions.token_seconds
		)
	)
	assert(db.exec("UPDATE installs SET token = ? WHERE n = ?", hash, install.n))
	return token
end

--- The answer of the token endpoint and of a renewal.
---@param install table
---@param client table
---@param token string
---@param expires_in integer
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

return install_tokens
