-- The tokens of saved installs: sealed for their row, and all SQL of the columns that belong to them. When a token is
-- renewed is decided in renewal.lua.
local crypto = require "native.crypto"
local db = require "native.db"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local mask = require("native.log").mask
local shared = require "native.shared"
local sys = require "native.sys"

---@class partnerapp.issued_token: partnerapp.token
---@field issued_at number
---@field renew_at number? when the background renews it; nil when it does not expire

local tokens = {}

local SAVE_AGAIN = 10 -- seconds between two attempts to save what is kept in memory

-- Sealing

-- What a sealed token is bound to.
local function context(column, id)
	return "pa_installs." .. column .. ":" .. id
end

local function seal(column, id, text)
	return db.blob(crypto.seal(text, context(column, id)))
end

local function unseal(column, install, sealed)
	local text, err, code = crypto.unseal(sealed, context(column, install.id))
	if not text then
		return nil, "the install's token cannot be read: " .. err, code
	end
	mask(text)
	return text
end

-- Saving

-- When a token expires; nil when it does not.
local function expiry(token)
	return token.expires_in and token.issued_at + token.expires_in
end

local INSERT = [[
	INSERT INTO pa_installs (id, client_id, name, client, server, api_origin, redirect_uri, app_name, workspace, source,
	scope, asked_scope, access_token, refresh_token, expires_at, renew_at, created_at, updated_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (server, client_id, name) DO UPDATE SET client = excluded.client, api_origin = excluded.api_origin,
	redirect_uri = excluded.redirect_uri, app_name = excluded.app_name, workspace = excluded.workspace,
	source = excluded.source, scope = excluded.scope, asked_scope = excluded.asked_scope,
	access_token = excluded.access_token, refresh_token = excluded.refresh_token, expires_at = excluded.expires_at,
	renew_at = excluded.renew_at, version = pa_installs.version + 1, lease_until = 0, failures = 0, health = 'ok',
	health_reason = NULL, updated_at = excluded.updated_at]]

--- Writes the row of an install with a new token, over the row of the same server, client and name. Its `id` must be
--- the one that row has already, for the token is sealed for it.
---@param row {id: string, client_id: string, name: string, [string]: string?} the columns that are not the token's
---@param token partnerapp.issued_token
---@return integer? changes, string? message, string? code
function tokens.insert(row, token)
	local refresh = token.refresh_token
	return db.exec(
		INSERT,
		row.id,
		row.client_id,
		row.name,
		row.client,
		row.server,
		row.api_origin,
		row.redirect_uri,
		row.app_name,
		row.workspace,
		row.source,
		row.scope,
		row.asked_scope,
		seal("access_token", row.id, token.access_token),
		refresh and seal("refresh_token", row.id, refresh),
		expiry(token),
		token.renew_at,
		token.issued_at,
		token.issued_at
	)
end

--- Stores a new token in place of the version it replaces. A refresh token stays where the new token has none.
---@param install partnerapp.install
---@param version integer
---@param token partnerapp.issued_token
---@return integer? changes 0 when the row has another version by now
---@return string? message, string? code
function tokens.replace(install, version, token)
	local refresh = token.refresh_token
	return db.exec(
		[[UPDATE pa_installs SET access_token = ?, refresh_token = coalesce(?, refresh_token), expires_at = ?,
			renew_at = ?, version = version + 1, lease_until = 0, failures = 0, health = 'ok', health_reason = NULL,
			updated_at = ? WHERE id = ? AND version = ?]],
		seal("access_token", install.id, token.access_token),
		refresh and seal("refresh_token", install.id, refresh),
		expiry(token),
		token.renew_at,
		token.issued_at,
		install.id,
		version
	)
end

-- Tokens that the database could not take (RT-06): all VMs of this server see them, and try to save them.

local UNSAVED = "unsaved:"

local function memory_name(install)
	return UNSAVED .. install.id
end

--- Keeps a token in memory until the database takes it.
---@param install partnerapp.install
---@param version integer that it replaces
---@param token partnerapp.issued_token
---@return boolean kept
function tokens.keep(install, version, token)
	local text = assert(json.encode {
		id = install.id,
		name = install.name,
		version = version,
		tried = sys.monotonic(),
		access_token = token.access_token,
		refresh_token = token.refresh_token,
		issued_at = token.issued_at,
		expires_in = token.expires_in,
		renew_at = token.renew_at,
	})
	local name = memory_name(install)
	return shared.put(name, crypto.seal(text, name))
end

--- Forgets what is kept of an install besides its row.
---@param install partnerapp.install
function tokens.forget(install)
	shared.drop(memory_name(install))
end

-- What is kept under that name; nil when nothing is.
local function kept(name)
	local sealed = shared.get(name)
	local text = sealed and crypto.unseal(sealed, name)
	return text and json.decode(text)
end

-- Tries to save what is kept. True when the row has it now, or a newer one.
local function save_kept(install, token)
	local changes, err, code = tokens.replace(install, token.version, token)
	if not changes then
		return nil, err, code
	end
	if changes > 0 then
		log.info("a renewed token is saved at last", { install = install.name })
	end
	shared.drop(memory_name(install))
	return true
end

-- The token that the row should have; nil when the row has it, or a newer one.
local function unsaved(install, row)
	local name = memory_name(install)
	local token = kept(name)
	if not token then
		return nil
	elseif token.version ~= row.version then
		shared.drop(name)
		return nil
	elseif sys.monotonic() - token.tried > SAVE_AGAIN then
		tokens.keep(install, token.version, token) -- other VMs need not try meanwhile
		if save_kept(install, token) then
			return nil
		end
	end
	return token
end

--- Tries to save every token that is kept in memory, until the database refuses one.
---@return string[] names of the installs whose token is not saved
---@return string? message why
function tokens.save_kept()
	local left, why = {}, nil
	for _, name in ipairs(shared.names(UNSAVED)) do
		local token = kept(name)
		local saved = not token
		if token and not why then
			saved, why = save_kept(token, token)
		end
		if not saved then
			left[#left + 1] = token.name
		end
	end
	return left, why
end

-- Reading

---@class partnerapp.token_row
---@field expires_at number? nil when it does not expire
---@field updated_at number
---@field version integer
---@field lease_until number
---@field renew_at number? nil when it does not expire, and after each failed attempt a number
---@field failures integer how many renewals failed since the last good one
---@field health "ok"|"renewing"|"needs_reconnect"
---@field health_reason string?
---@field refresh_token string? sealed

--- The access token as it is now, and its row. Brings the install's version up to date.
---@param install partnerapp.install
---@return string? token, partnerapp.token_row|string|nil row_or_message
---@return string? code "not_found", "damaged" or "unknown_key" when it cannot be unsealed, or one of native.db
function tokens.read(install)
	local row, err, code = db.row(
		[[SELECT access_token, refresh_token, expires_at, updated_at, version, lease_until, renew_at, failures, health,
			health_reason FROM pa_installs WHERE id = ?]],
		install.id
	)
	if not row then
		return nil, err or "the install is gone", code or "not_found"
	end
	local waiting = unsaved(install, row)
	if waiting then
		row.version, row.expires_at = row.version + 1, expiry(waiting)
		install.version = row.version
		return waiting.access_token, row
	end
	local token
	token, err, code = unseal("access_token", install, row.access_token)
	if not token then
		return nil, err, code
	end
	install.version = row.version
	return token, row
end

--- The refresh token of a row that has one.
---@param install partnerapp.install
---@param row partnerapp.token_row
---@return string? refresh_token, string? message, string? code
function tokens.refresh_token(install, row)
	return unseal("refresh_token", install, row.refresh_token)
end

--- The installs whose token is due, at most 50: those that have been due for longest first. Those of another Segment
--- are never due here.
---@param now number
---@param server string how rows name the app's Segment
---@param api_origin string and its API
---@return partnerapp.install[]? rows, string? message, string? code
function tokens.due(now, server, api_origin)
	return db.query(
		[[SELECT id, client_id, name, client, server, api_origin, redirect_uri, scope, asked_scope, version, failures
			FROM pa_installs WHERE renew_at <= ? AND health <> 'needs_reconnect'
			AND (server = ? AND api_origin = ? OR server IS NOT NULL AND api_origin IS NULL)
			ORDER BY renew_at LIMIT 50]],
		now,
		server,
		api_origin
	)
end

-- The lease of the one worker that renews

--- Takes the lease of a version for `seconds`. A lease that ends much later than any that is given now does not
--- count: the clock was set back since (RT-11). Other workers may have taken it between the caller's look at the clock
--- and this statement, so a lease that ends a little later does.
---@param install partnerapp.install
---@param version integer
---@param now number
---@param seconds number
---@return boolean? taken, string? message, string? code
function tokens.take_lease(install, version, now, seconds)
	local changes, err, code = db.exec_soon(
		[[UPDATE pa_installs SET lease_until = ? WHERE id = ? AND version = ?
			AND (lease_until < ? OR lease_until > ?)]],
		now + seconds,
		install.id,
		version,
		now,
		now + 2 * seconds
	)
	if not changes then
		return nil, err, code
	end
	return changes == 1
end

--- Returns the lease, so that another server may renew at once.
---@param install partnerapp.install
---@param version integer
function tokens.return_lease(install, version)
	db.exec_soon("UPDATE pa_installs SET lease_until = 0 WHERE id = ? AND version = ?", install.id, version)
end

--- Notes that another attempt cannot succeed, unless the row has a newer token by now; returns the lease.
---@param install partnerapp.install
---@param version integer
---@param reason string for people
function tokens.mark_broken(install, version, reason)
	db.exec(
		[[UPDATE pa_installs SET health = 'needs_reconnect', health_reason = ?, lease_until = 0
			WHERE id = ? AND version = ?]],
		reason,
		install.id,
		version
	)
	install.health, install.health_reason = "needs_reconnect", reason
end

--- Notes that a renewal failed, and when to try again; returns the lease.
---@param install partnerapp.install
---@param version integer
---@param reason string for people
---@param renew_at number
function tokens.mark_failed(install, version, reason, renew_at)
	install.health, install.health_reason = "renewing", reason
	db.exec_soon(
		[[UPDATE pa_installs SET health = 'renewing', health_reason = ?, failures = failures + 1, renew_at = ?,
			lease_until = 0 WHERE id = ? AND version = ?]],
		reason,
		renew_at,
		install.id,
		version
	)
end

--- Notes that a version is healthy again, so that it may be renewed.
---@param install partnerapp.install
---@param version integer
---@return integer? changes, string? message, string? code
function tokens.mark_mended(install, version)
	return db.exec(
		"UPDATE pa_installs SET health = 'ok', health_reason = NULL, failures = 0 WHERE id = ? AND version = ?",
		install.id,
		version
	)
end

-- After a change of keys

-- The name of the key is in front of what it sealed, after a byte with its length.
local function key_of(sealed)
	return sealed:sub(2, 1 + sealed:byte())
end

local COLUMNS = { "access_token", "refresh_token" }

-- A row's values sealed with the current key; false when they are already.
local function resealed(row, key)
	local values, changed = {}, false
	for i, column in ipairs(COLUMNS) do
		local sealed = row[column]
		if sealed and key_of(sealed) ~= key then
			local plain, err, code = crypto.unseal(sealed, context(column, row.id))
			if not plain then
				return nil, ("install %s: %s"):format(row.name, err), code
			end
			values[i], changed = seal(column, row.id, plain), true
		else
			values[i] = sealed and db.blob(sealed)
		end
	end
	return changed and values
end

--- Rows to seal again: at most `count` whose id is greater than `from`.
---@param from string
---@param count integer
---@return table[]? rows, string? message, string? code
function tokens.batch(from, count)
	return db.query(
		[[SELECT id, name, access_token, refresh_token, version FROM pa_installs WHERE id > ? ORDER BY id LIMIT ?]],
		from,
		count
	)
end

--- Seals a row of `batch` with the current key. A token that was renewed meanwhile is another one and stays as it is.
---@param row table
---@param key string the current key's name
---@return integer|false|nil changes false when all of it is sealed with that key already
---@return string? message, string? code
function tokens.reseal(row, key)
	local values, err, code = resealed(row, key)
	if not values then
		return values, err, code
	end
	return db.exec(
		"UPDATE pa_installs SET access_token = ?, refresh_token = ? WHERE id = ? AND version = ?",
		values[1],
		values[2],
		row.id,
		row.version
	)
end

return tokens
