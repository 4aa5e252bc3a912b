-- Saved installs, as an app has them: one row for each install of a client (installs/rows.lua), whose token is sealed
-- (installs/tokens.lua) and kept fresh (installs/renewal.lua).
local db = require "native.db"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local names = require "partnerapp.hints.names"
local sys = require "native.sys"
local traffic = require "native.traffic"

-- Most requests need no install, and few need all of these, so they are loaded late.

local function renewal()
	return require "partnerapp.installs.renewal"
end

local function rows()
	return require "partnerapp.installs.rows"
end

local function prepare()
	return require("partnerapp.store.schema").prepare "installs"
end

---@class partnerapp.install
---@field id string random, made here
---@field name string Segment's "installs/7"; "local/…" when the token named no install
---@field client_id string the OAuth client it was made with
---@field client string? the name of that client's settings
---@field server string? its authorization server: an issuer, or "sandbox" of a demo; nil when it is unknown
---@field api_origin string? the Config API that its token is for; nil when the server is not Segment
---@field app_name string?
---@field workspace string?
---@field source string?
---@field scope string what was granted
---@field asked_scope string what was asked for
---@field expires_at number? seconds since 1970; nil for a token that does not expire
---@field created_at number
---@field updated_at number
---@field health "ok"|"renewing"|"needs_reconnect" renewing: the last attempt failed, and another will follow
---@field health_reason string?
local Install = {}

-- Makes a row an install. The columns that may be absent are known with the first row.
local function as_install(row)
	if not Install.__index then
		Install.__index, Install.__metatable = Install, false
		names.strict("an install", Install, rows().columns)
	end
	return setmetatable(row, Install)
end

local installs = {}

--- Saves the install of a checked token (oauth/token_answer.lua); when this returns, the install is on the disk. An
--- install of the same server, client and name is overwritten.
---@param token table
---@param origin {client: {id: string}, name: string?, server: string?, scope: string, redirect_uri: string} of the flow
---@return partnerapp.install? install, string? message, string? code
function installs.save(token, origin)
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	local save, issue = rows().save, renewal().issue
	local row
	row, err, code = db.transaction(function()
		return save(token, origin, issue(token))
	end)
	if not row then
		return nil, err, code
	end
	traffic.about(row.id)
	return as_install(row)
end

local function to_install(row, err, code)
	if not row then
		return row, err, code
	end
	traffic.about(row.id)
	return as_install(row)
end

--- The install of that id; false when there is none.
---@param id string
---@return partnerapp.install|false|nil install, string? message, string? code
function installs.find(id)
	return to_install(rows().find(id))
end

--- The newest install of that name at Segment; false when there is none.
---@param name string "installs/7"
---@return partnerapp.install|false|nil install, string? message, string? code
function installs.find_by_name(name)
	return to_install(rows().find_by_name(name))
end

local PAGE_MOST = 1000

--- A page of the installs, newest first.
---@param count integer at most 1,000
---@param from string? what the page before returned as its second value
---@param search string? only those that have this text in their id, name, workspace, source, scope, client, server or
--- health
---@return partnerapp.install[]? list
---@return string? from_or_message `from` of the next page; nil on the last one
---@return string? code
function installs.page(count, from, search)
	count = math.min(math.max(math.tointeger(count) or PAGE_MOST, 1), PAGE_MOST)
	local list, from_or_err, code = rows().page(count, from, search)
	for _, row in ipairs(list or {}) do
		as_install(row)
	end
	return list, from_or_err, code
end

--- The newest installs, at most 1,000.
---@return partnerapp.install[]? list, string? message, string? code
function installs.all()
	local list, err, code = installs.page(PAGE_MOST)
	if not list then
		return nil, err, code
	end
	return list
end

--- Renews the tokens that are due, for at most 20 seconds.
---@return integer? renewed, string? message, string? code
function installs.refresh_due()
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	return renewal().refresh_due(20)
end

--- The number of installs.
---@return integer? count, string? message, string? code
function installs.count()
	return rows().count()
end

--- The fields of an install that may be shown: never its token. `health` is also "unknown_server" or "other_server",
--- when the app makes no calls for it.
---@param install partnerapp.install
---@return table
function installs.public(install)
	local shown = { token = "***" }
	local fine, why, code = require("partnerapp.installs.belonging").check(install)
	for _, field in ipairs {
		"id",
		"name",
		"server",
		"api_origin",
		"client_id",
		"app_name",
		"workspace",
		"source",
		"scope",
		"asked_scope",
		"health",
		"health_reason",
	} do
		shown[field] = install[field] or json.null
	end
	for _, field in ipairs { "expires_at", "created_at", "updated_at" } do
		shown[field] = install[field] and sys.timestamp(install[field]) or json.null
	end
	if not fine then
		shown.health, shown.health_reason = code, why
	end
	return shown
end

-- Owners: a session lists the installs that its browser made

local SESSION_INSTALLS = 20

local function ids_of(req)
	local session = req.session
	return session and session.data.installs or {}
end

--- Whether the browser of a request made this install.
---@param req partnerapp.request
---@param install partnerapp.install
---@return boolean
function installs.is_owner(req, install)
	for _, id in ipairs(ids_of(req)) do
		if id == install.id then
			return true
		end
	end
	return false
end

--- The installs that the browser of a request made, newest first.
---@param req partnerapp.request
---@return partnerapp.install[]
function installs.owned(req)
	local list = {}
	for _, id in ipairs(ids_of(req)) do
		list[#list + 1] = installs.find(id) or nil
	end
	return list
end

--- Makes the browser of a request the install's owner: begins a new session that lists this install and those before
--- (OA-24).
---@param req partnerapp.request
---@param response partnerapp.response gets the cookie
---@param install partnerapp.install
---@return partnerapp.session?, string? message, string? code
function installs.remember(req, response, install)
	local ids = json.array { install.id }
	for _, id in ipairs(ids_of(req)) do
		if id ~= install.id and #ids < SESSION_INSTALLS then
			ids[#ids + 1] = id
		end
	end
	return require("partnerapp.session").start(req, response, { installs = ids })
end

-- Methods of an install

--- The access token, renewed when fewer than five minutes are left. Code that has the token can do all that the
--- install's scope allows: prefer install:segment().
---@return string? token, string? message, string? code
function Install:token()
	return renewal().token(self)
end

--- A client of the Config API. Its token is renewed before it expires, and once after a 401.
---@return partnerapp.segment.client
function Install:segment()
	if self.server and not self.api_origin then
		error("this install is at " .. self.server .. ", not at Segment: use install:token()", 2)
	end
	return require("partnerapp.segment").new {
		scope = self.scope,
		token = function()
			return renewal().token(self)
		end,
		renew = function()
			return renewal().after(self, self.version)
		end,
	}
end

--- Tries once more to renew the token, also when no more attempts would be made: for a cause that is repaired by now.
---@return boolean? works, string? message, string? code
function Install:reconnect()
	local token, err, code = renewal().again(self)
	if not token then
		return nil, err, code
	end
	return true
end

--- Deletes an install: its row is gone, also from the database's files. The token is revoked first where its
--- authorization server has an endpoint for that; when this fails, the row is deleted all the same (RT-13).
---@return boolean? gone, string? message, string? code
function Install:disconnect()
	local revoked, why = renewal().revoke(self)
	if revoked == nil then
		log.warn("a token was not revoked", { install = self.name, error = why })
	end
	local gone, err, code = rows().delete(self.id)
	if not gone then
		return nil, err, code
	end
	require("partnerapp.installs.tokens").forget(self)
	log.info("disconnected", { install = self.name })
	return true
end

--- What an app has as `app.installs`.
---@return table
function installs.store()
	local store = {}

	function store:find(id)
		return installs.find(id)
	end

	function store:all()
		return installs.all()
	end

	--- A page of at most `count`, newest first, and `from` of the next page: nil on the last one. With `search` only
	--- those that have this text in what they show.
	function store:page(count, from, search)
		return installs.page(count, from, search)
	end

	function store:count()
		return installs.count()
	end

	function store:public(install)
		return installs.public(install)
	end

	--- Renews the tokens that are due (RT-01), for at most 20 seconds: for a job that runs every few minutes.
	function store:refresh_due()
		return installs.refresh_due()
	end

	--- The installs that the browser of `req` made.
	function store:of(req)
		return installs.owned(req)
	end

	--- The install of that id, when the browser of `req` made it; otherwise the request ends with 404.
	function store:owned(req, id)
		local refuse = require("partnerapp.web.refusal").refuse
		local install = installs.find(id)
		if install == nil then
			refuse(503, "The database does not answer. Try again in a moment.", { ["retry-after"] = "5" })
		elseif not install or not installs.is_owner(req, install) then
			local reason = install and "other_browser" or "no_such_install"
			refuse(404, "There is no such install, or another browser made it.", nil, reason)
		end
		return install
	end

	return names.strict("app.installs", store)
end

return names.strict("partnerapp.installs", installs)
