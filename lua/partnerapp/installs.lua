-- Saved installs: one row for each install of a client, the token sealed. A token is renewed before it expires, by one
-- worker of one process: renewing kills the token before it (segment-api 1.4).
local clients = require "partnerapp.clients"
local crypto = require "native.crypto"
local db = require "native.db"
local json = require "partnerapp.json"
local log = require "native.log"
local segment = require "partnerapp.segment"
local sys = require "native.sys"

---@class partnerapp.install
---@field id string our own, random
---@field name string Segment's: "installs/7"; one of ours when the token named none
---@field client string? the name of its client's settings
---@field app_name string?
---@field workspace string?
---@field source string?
---@field scope string?
---@field expires_at number seconds since 1970
---@field created_at number
---@field updated_at number
---@field health "ok"|"needs_reconnect"
---@field health_reason string?
local Install = {}
Install.__index = Install

local installs = {}

local RENEW_AHEAD = 300
local LEASE = 30 -- longer than the deadline of the call that renews
local WAIT_STEP, WAIT_MOST = 0.05, 20

local STEPS = {
	[[CREATE TABLE pa_installs (
		id TEXT PRIMARY KEY,
		client_id TEXT NOT NULL,
		name TEXT NOT NULL,
		client TEXT,
		redirect_uri TEXT,
		app_name TEXT, workspace TEXT, source TEXT, scope TEXT,
		access_token BLOB NOT NULL,
		expires_at REAL NOT NULL,
		version INTEGER NOT NULL DEFAULT 1,
		lease_until REAL NOT NULL DEFAULT 0,
		health TEXT NOT NULL DEFAULT 'ok', health_reason TEXT,
		created_at REAL NOT NULL, updated_at REAL NOT NULL,
		UNIQUE (client_id, name));
	CREATE INDEX pa_installs_created ON pa_installs (created_at)]],
}

local migrated = false

local function prepare()
	if migrated then
		return true
	end
	local ok, err, code = db.migrate("installs", STEPS)
	migrated = ok == true
	return ok, err, code
end

local function context_of(id)
	return "pa_installs.access_token:" .. id
end

local COLUMNS = [[id, client_id, name, client, redirect_uri, app_name, workspace, source, scope, expires_at, version,
	lease_until, health, health_reason, created_at, updated_at]]

local function from_row(row)
	return setmetatable(row, Install)
end

local function load(sql, ...)
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	local row
	row, err, code = db.row("SELECT " .. COLUMNS .. " FROM pa_installs WHERE " .. sql, ...)
	if not row then
		return row, err, code
	end
	return from_row(row)
end

local INSERT = [[INSERT INTO pa_installs (id, client_id, name, client, redirect_uri, app_name, workspace, source, scope,
	access_token, expires_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (client_id, name) DO UPDATE SET client = excluded.client, redirect_uri = excluded.redirect_uri,
	app_name = excluded.app_name, workspace = excluded.workspace, source = excluded.source, scope = excluded.scope,
	access_token = excluded.access_token, expires_at = excluded.expires_at, version = version + 1, lease_until = 0,
	health = 'ok', health_reason = NULL, updated_at = excluded.updated_at]]

--- Saves the install of a checked token (partnerapp.token): when it returns, it is on the disk. An install of the same
--- name and client is brought up to date.
---@param token table
---@param origin {client: {id: string}, name: string?, scope: string, redirect_uri: string} who asked for it
---@return partnerapp.install? install, string? message, string? code
function installs.save(token, origin)
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	local now = sys.now()
	return db.transaction(function()
		local fresh = crypto.token(9)
		local name = token.name or "local/" .. fresh
		local known, why, what =
			db.row("SELECT id FROM pa_installs WHERE client_id = ? AND name = ?", origin.client.id, name)
		if known == nil then
			return nil, why, what
		end
		local id = known and known.id or fresh
		local changes
		changes, why, what = db.exec(
			INSERT,
			id,
			origin.client.id,
			name,
			origin.name,
			origin.redirect_uri,
			token.app_name,
			token.workspace,
			token.source,
			token.scope or origin.scope,
			db.blob(crypto.seal(token.access_token, context_of(id))),
			now + token.expires_in,
			now,
			now
		)
		if not changes then
			return nil, why, what
		end
		return load("id = ?", id)
	end)
end

--- The install of that id; false when there is none.
---@param id string
---@return partnerapp.install|false|nil install, string? message, string? code
function installs.find(id)
	return load("id = ?", id)
end

--- All of them, newest first, at most 1,000.
---@return partnerapp.install[]? list, string? message, string? code
function installs.all()
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	local rows
	rows, err, code = db.query("SELECT " .. COLUMNS .. " FROM pa_installs ORDER BY created_at DESC LIMIT 1000")
	for _, row in ipairs(rows or {}) do
		from_row(row)
	end
	return rows, err, code
end

--- How many there are.
---@return integer? count, string? message, string? code
function installs.count()
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	local row
	row, err, code = db.row("SELECT count(*) AS count FROM pa_installs")
	return row and row.count, err, code
end

--- What may be shown of an install: never its token.
---@param install partnerapp.install
---@return table
function installs.public(install)
	local shown = { token = "***" }
	for _, field in ipairs { "id", "name", "app_name", "workspace", "source", "scope", "health" } do
		shown[field] = install[field] or json.null
	end
	shown.health_reason = install.health_reason or json.null
	for _, field in ipairs { "expires_at", "created_at", "updated_at" } do
		shown[field] = sys.timestamp(install[field])
	end
	return shown
end

--- Whether the browser behind a request made this install.
---@param req partnerapp.request
---@param install partnerapp.install
---@return boolean
function installs.is_owner(req, install)
	local session = req.session
	for _, id in ipairs(session and session.data.installs or {}) do
		if id == install.id then
			return true
		end
	end
	return false
end

-- The token as the row has it now, and the row.
local function current(id)
	local row, err, code = db.row(
		"SELECT access_token, expires_at, version, lease_until, health, health_reason FROM pa_installs WHERE id = ?",
		id
	)
	if not row then
		return nil, err or "the install is gone", code or "not_found"
	end
	local token
	token, err, code = crypto.unseal(row.access_token, context_of(id))
	if not token then
		return nil, "the install's token cannot be read: " .. err, code
	end
	log.mask(token)
	return token, row
end

local function mark_broken(install, reason)
	db.exec(
		"UPDATE pa_installs SET health = 'needs_reconnect', health_reason = ?, lease_until = 0 WHERE id = ?",
		reason,
		install.id
	)
	log.write("error", "an install needs to be connected again", { install = install.name, reason = reason })
end

-- The holder of the lease asks for a new token and stores it. A token that was given out must not be lost: the save is
-- tried again when the database is busy.
local function renew_as_holder(install, version)
	local client, err, code = clients.find(install.client, install.scope, install.redirect_uri)
	local token
	if client then
		token, err, code = segment.renew_token(client, install.name)
	end
	if not token then
		if code == "permanent" then
			mark_broken(install, err)
		else
			db.exec_soon("UPDATE pa_installs SET lease_until = 0 WHERE id = ? AND version = ?", install.id, version)
		end
		return nil, err, code
	end
	local now, changes = sys.now(), nil
	for _ = 1, 3 do
		changes, err, code = db.exec(
			[[UPDATE pa_installs SET access_token = ?, expires_at = ?, version = version + 1, lease_until = 0,
				health = 'ok', health_reason = NULL, updated_at = ? WHERE id = ? AND version = ?]],
			db.blob(crypto.seal(token.access_token, context_of(install.id))),
			now + token.expires_in,
			now,
			install.id,
			version
		)
		if changes then
			break
		end
	end
	if not changes then
		log.write("error", "a renewed token could not be saved", { install = install.name, error = err })
	end
	log.write("info", "token renewed", { install = install.name })
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

-- A token that is not the one of `stale` (its version): renewed by us, or by whoever holds the lease.
local function renewed(install, stale)
	local waited = 0
	while true do
		local token, row, code = current(install.id)
		if not token then
			return nil, row, code
		end
		if row.version ~= stale then
			return token
		end
		if row.health == "needs_reconnect" then
			return nil, row.health_reason, "needs_reconnect"
		end
		local mine, err
		mine, err, code = take_lease(install, stale)
		if mine == nil then
			return nil, err, code
		end
		if mine then
			return renew_as_holder(install, stale)
		end
		if waited > WAIT_MOST then
			return nil, "another worker renews the token and does not finish", "timeout"
		end
		sys.sleep(WAIT_STEP)
		waited = waited + WAIT_STEP
	end
end

--- The access token, renewed when fewer than five minutes are left. An explicit capability: who has it can do all that
--- the install's scope allows. Prefer install:segment().
---@return string? token, string? message, string? code
function Install:token()
	local token, row, code = current(self.id)
	if not token then
		return nil, row, code
	end
	self.version = row.version
	if row.expires_at - sys.now() >= RENEW_AHEAD then
		return token
	end
	local fresh, err
	fresh, err, code = renewed(self, row.version)
	if not fresh and row.expires_at > sys.now() and code ~= "needs_reconnect" and code ~= "permanent" then
		return token -- the old one works until it expires
	end
	return fresh, err, code
end

--- A Config API client whose token is always fresh.
---@return partnerapp.segment.client
function Install:segment()
	return segment.new {
		scope = self.scope,
		token = function()
			return self:token()
		end,
		renew = function()
			return renewed(self, self.version)
		end,
	}
end

--- The store an app sees as `app.installs`.
---@return table
function installs.store()
	return {
		find = function(_, id)
			return installs.find(id)
		end,
		all = function()
			return installs.all()
		end,
		count = function()
			return installs.count()
		end,
		public = function(_, install)
			return installs.public(install)
		end,
		--- The install of that id when the browser behind `req` made it; otherwise the request ends with 404.
		owned = function(_, req, id)
			local install, err = installs.find(id)
			if install == nil then
				error(err, 0)
			end
			if not install or not installs.is_owner(req, install) then
				require("partnerapp.refusal").refuse(404, "There is no such install, or another browser made it.")
			end
			return install
		end,
	}
end

return installs
