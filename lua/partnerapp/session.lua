-- Sessions: rows with the hash of an id that only the browser has. A session begins at an install or a login; each
-- beginning makes a new id and ends the session before (OA-24).
local cookie = require "partnerapp.web.cookie"
local crypto = require "native.crypto"
local db = require "native.db"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local refuse = require("partnerapp.web.refusal").refuse
local schema = require "partnerapp.store.schema"
local sys = require "native.sys"

---@class partnerapp.session
---@field id string the hash of the browser's id: safe to store and to compare
---@field data table what the app keeps in it; session.save stores changes
---@field csrf string the token that forms of this session must carry (HT-04)

local session = {}

local NAME = "session"
local LIFETIME = 30 * 24 * 3600

local function now()
	return math.floor(sys.now())
end

local function make(token, data)
	return {
		id = crypto.hex(crypto.digest("sha256", "session:" .. token)),
		data = data,
		csrf = crypto.base64url(crypto.hmac("sha256", token, "csrf")),
	}
end

local function unavailable(err)
	log.error("sessions cannot be read", { error = err })
	refuse(503, "The database does not answer. Try again in a moment.", { ["retry-after"] = "5" })
end

-- The session with that id; nil when there is none.
local function find(token)
	if #token ~= 43 or not token:find "^[%w_-]+$" then
		return nil
	end
	local ok, err = schema.prepare "sessions"
	if not ok then
		unavailable(err)
	end
	local found = make(token)
	local row
	row, err = db.row("SELECT data FROM pa_sessions WHERE id = ? AND expires > ?", found.id, now())
	if row == nil then
		unavailable(err)
	end
	if row then
		found.data = json.decode(row.data) or {}
		return found
	end
end

--- The session of a request's cookie, which is `req.session`. Refuses with 503 when the database fails.
---@param req partnerapp.request
---@return partnerapp.session?
function session.load(req)
	for _, token in ipairs(cookie.values(req, NAME)) do
		local found = find(token)
		if found then
			return found
		end
	end
end

local function remove(id)
	return db.exec_soon("DELETE FROM pa_sessions WHERE id = ? OR expires <= ?", id, now())
end

--- Begins a session with a new id in a cookie. Its data are those of the session before, which ends, and `changes`.
---@param req partnerapp.request
---@param response partnerapp.response
---@param changes table?
---@return partnerapp.session?, string? message, string? code
function session.start(req, response, changes)
	local ok, err, code = schema.prepare "sessions"
	if not ok then
		return nil, err, code
	end
	local old = req.session
	local data = {}
	for _, source in ipairs { old and old.data or {}, changes or {} } do
		for name, value in pairs(source) do
			data[name] = value
		end
	end
	local token = crypto.token(32)
	local started = make(token, data)
	local text
	text, err, code = json.encode(data)
	if not text then
		return nil, err, code
	end
	ok, err, code = db.exec_soon(
		"INSERT INTO pa_sessions (id, data, created, expires) VALUES (?, ?, ?, ?)",
		started.id,
		text,
		now(),
		now() + LIFETIME
	)
	if ok then
		ok, err, code = remove(old and old.id or "")
	end
	if not ok then
		return nil, err, code
	end
	cookie.set(response, NAME, token, { max_age = LIFETIME })
	req.session = started
	return started
end

--- Stores what was changed in `req.session.data`.
---@param req partnerapp.request
---@return true?, string?, string?
function session.save(req)
	local current = req.session
	if not current then
		return nil, "there is no session", "no_session"
	end
	local text, err, code = json.encode(current.data)
	if not text then
		return nil, err, code
	end
	local changes
	changes, err, code = db.exec_soon("UPDATE pa_sessions SET data = ? WHERE id = ?", text, current.id)
	if not changes then
		return nil, err, code
	end
	return true
end

--- Ends the session of a request: its row and its cookie are gone.
---@param req partnerapp.request
---@param response partnerapp.response
---@return true?, string?, string?
function session.finish(req, response)
	local current = req.session
	if current then
		local ok, err, code = remove(current.id)
		if not ok then
			return nil, err, code
		end
		req.session = nil
		req.without_session = true
	end
	cookie.clear(response, NAME)
	return true
end

return require("partnerapp.hints.names").strict("partnerapp.session", session)
