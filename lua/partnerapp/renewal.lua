-- Keeps an install's token fresh. A new token kills the one before it, so one worker of one process asks for it:
-- whoever takes the lease on the row. The others wait and read the row again.
local clients = require "partnerapp.clients"
local crypto = require "native.crypto"
local db = require "native.db"
local log = require "native.log"
local segment = require "partnerapp.segment"
local sys = require "native.sys"

local renewal = {}

local AHEAD = 300
local LEASE = 30 -- longer than the deadline of the call (15 s) and two attempts to save (5 s each)
local WAIT_STEP, WAIT_MOST = 0.05, 20
local SAVES = 2

--- What a sealed token is bound to.
---@param id string of the install
---@return string
function renewal.context(id)
	return "pa_installs.access_token:" .. id
end

-- The token as the row has it now, and the row.
local function current(install)
	local row, err, code = db.row(
		"SELECT access_token, expires_at, version, lease_until, health, health_reason FROM pa_installs WHERE id = ?",
		install.id
	)
	if not row then
		return nil, err or "the install is gone", code or "not_found"
	end
	local token
	token, err, code = crypto.unseal(row.access_token, renewal.context(install.id))
	if not token then
		return nil, "the install's token cannot be read: " .. err, code
	end
	log.mask(token)
	install.version = row.version
	return token, row
end

-- Takes note that trying again is of no use; unless a newer token came meanwhile.
local function mark_broken(install, version, reason)
	db.exec(
		[[UPDATE pa_installs SET health = 'needs_reconnect', health_reason = ?, lease_until = 0
			WHERE id = ? AND version = ?]],
		reason,
		install.id,
		version
	)
	log.write("error", "an install needs to be connected again", { install = install.name, reason = reason })
end

local function release(install, version)
	db.exec_soon("UPDATE pa_installs SET lease_until = 0 WHERE id = ? AND version = ?", install.id, version)
end

-- Stores a new token in place of the version it replaces. It must not be lost, for the one before it is dead: when the
-- database is busy, the save is tried again.
local function store(install, version, token)
	local now = sys.now()
	local changes, err, code
	for _ = 1, SAVES do
		changes, err, code = db.exec(
			[[UPDATE pa_installs SET access_token = ?, expires_at = ?, version = version + 1, lease_until = 0,
				health = 'ok', health_reason = NULL, updated_at = ? WHERE id = ? AND version = ?]],
			db.blob(crypto.seal(token.access_token, renewal.context(install.id))),
			now + token.expires_in,
			now,
			install.id,
			version
		)
		if changes then
			return changes
		end
	end
	return nil, err, code
end

local function renew_as_holder(install, version)
	local client, err, code = clients.find(install.client, install.asked_scope or install.scope, install.redirect_uri)
	local token
	if client then
		token, err, code = segment.renew_token(client, install.name)
	end
	if not token then
		log.write("warn", "a token was not renewed", { install = install.name, error = err, code = code })
		if code == "permanent" then
			mark_broken(install, version, err)
		else
			release(install, version)
		end
		return nil, err, code
	end
	local changes, why = store(install, version, token)
	if changes == 0 then
		return current(install) -- connected again meanwhile: what is stored is newer (RT-05)
	elseif not changes then
		log.write("error", "a renewed token could not be saved", { install = install.name, error = why })
	else
		install.version = version + 1
		log.write("info", "token renewed", { install = install.name })
	end
	return token.access_token
end

local function take_lease(install, version)
	local now = sys.now()
	local changes, err, code = db.exec_soon(
		"UPDATE pa_installs SET lease_until = ? WHERE id = ? AND version = ? AND lease_until < ?",
		now + LEASE,
		install.id,
		version,
		now
	)
	if not changes then
		return nil, err, code
	end
	return changes == 1
end

--- A token newer than version `stale`: renewed by us, or by whoever holds the lease.
---@param install partnerapp.install
---@param stale integer
---@return string? token, string? message, string? code
function renewal.after(install, stale)
	local waited = 0
	while true do
		local token, row, code = current(install)
		if not token then
			return nil, row, code
		elseif row.version ~= stale then
			return token
		elseif row.health == "needs_reconnect" then
			return nil, row.health_reason, "needs_reconnect"
		end
		local mine, err
		mine, err, code = take_lease(install, stale)
		if mine == nil then
			return nil, err, code
		elseif mine then
			return renew_as_holder(install, stale)
		elseif waited > WAIT_MOST then
			return nil, "another worker renews the token and does not finish", "timeout"
		end
		sys.sleep(WAIT_STEP)
		waited = waited + WAIT_STEP
	end
end

--- The token, renewed when fewer than five minutes are left (RT-01).
---@param install partnerapp.install
---@return string? token, string? message, string? code
function renewal.token(install)
	local token, row, code = current(install)
	if not token then
		return nil, row, code
	end
	if row.expires_at - sys.now() >= AHEAD then
		return token
	end
	local fresh, err
	fresh, err, code = renewal.after(install, row.version)
	if not fresh and row.expires_at > sys.now() and code ~= "needs_reconnect" and code ~= "permanent" then
		return token -- it works until it expires
	end
	return fresh, err, code
end

return renewal
