-- Who gets into the dashboard (HT-02): every browser on this machine that comes directly, when the server is for this
-- machine alone; otherwise those that give ADMIN_PASSWORD (HT-28). A login is a row of pa_sessions for twelve hours,
-- apart from the sessions of customers: the same cookie value opens only one of the two.
local cookie = require "partnerapp.web.cookie"
local crypto = require "native.crypto"
local db = require "native.db"
local limit = require "native.limit"
local log = require "partnerapp.log"
local open_to = require "partnerapp.web.open_to"
local proxies = require "partnerapp.web.proxies"
local refusal = require "partnerapp.web.refusal"
local schema = require "partnerapp.store.schema"
local settings = require "partnerapp.store.settings"
local shared = require "native.shared"
local sys = require "native.sys"

local administrator = {}

local COOKIE = "administrator"
local LIFETIME = 12 * 3600

local function password()
	local text = settings.values.ADMIN_PASSWORD
	return text and text ~= "" and text or nil
end

--- How a request may get in.
---@param req partnerapp.request
---@return "open"|"password"|"closed"|"absent" closed: only a request from this machine itself gets in
function administrator.access(req)
	if open_to(req) then
		return "open"
	elseif password() then
		return "password"
	end
	return settings.values.DASHBOARD == "open" and "closed" or "absent"
end

-- The row of a login has a hash of the cookie's value, made in another way than that of a customer's session, and with
-- the password: when that is changed, the logins of before end.
local function id_of(token)
	return crypto.hex(crypto.hmac("sha256", password() or "", "administrator:" .. token))
end

local function now()
	return math.floor(sys.now())
end

local function unavailable(err)
	log.error("the login to the dashboard cannot be read", { error = err })
	refusal.refuse(503, "The database does not answer. Try again in a moment.", { ["retry-after"] = "5" })
end

-- The login that a cookie's value stands for, as a session: its forms carry the token `csrf` (HT-04).
local function find(token)
	if #token ~= 43 or not token:find "^[%w_-]+$" then
		return nil
	end
	local ok, err = schema.prepare "sessions"
	local row
	if ok then
		row, err = db.row("SELECT id FROM pa_sessions WHERE id = ? AND expires > ?", id_of(token), now())
	end
	if row == nil then
		unavailable(err)
	end
	return row and { id = row.id, data = {}, csrf = crypto.base64url(crypto.hmac("sha256", token, "csrf")) } or nil
end

-- The login of a request's cookies.
local function load(req)
	for _, token in ipairs(cookie.values(req, COOKIE)) do
		local found = find(token)
		if found then
			return found
		end
	end
end

local OPEN = "administrator.open"

-- Where no login is needed, forms carry a token all the same: it lasts until the process ends.
local function open_session()
	local secret = shared.get(OPEN)
	if not secret then
		shared.put(OPEN, crypto.token(32))
		secret = shared.get(OPEN)
	end
	if not secret then -- a form without a token would be as good as one with it
		log.error "no token for the forms of the dashboard: memory is short, or full of unsaved tokens"
		refusal.refuse(503, "The server has no room for this now. Try again in a moment.", { ["retry-after"] = "5" })
	end
	return { id = "open", data = {}, csrf = secret }
end

--- Gives a request its session: that of the login, or one for all where no login is needed; none without either.
---@param req partnerapp.request
function administrator.begin(req)
	local access = administrator.access(req)
	local session
	if access == "open" then
		session = open_session()
	elseif access == "password" then
		session = load(req)
	end
	rawset(req, "session", session)
	rawset(req, "without_session", session == nil)
end

--- Whether the request may see the dashboard: after administrator.begin.
---@param req partnerapp.request
---@return boolean
function administrator.is_in(req)
	return req.session ~= nil
end

local HASH = "administrator.hash"

-- The hash of ADMIN_PASSWORD: all VMs of a server make it once.
local function hash()
	local kept = shared.get(HASH)
	if not kept then
		kept = crypto.password(password() --[[@as string]])
		shared.put(HASH, kept)
	end
	return kept
end

-- After five wrong passwords, one more each ten seconds from a network, and of all together one each second: a login
-- costs some 50 ms of CPU, and a guess must cost more than that.
local function wait_of(req)
	local wait = limit.take("administrator " .. proxies.network(req.ip), 0.1, 5)
	return wait > 0 and wait or limit.take("administrator", 1, 20)
end

--- Logs in: the response gets the cookie.
---@param req partnerapp.request
---@param response partnerapp.response
---@param given string the password
---@return true?, string? message for the person, number? seconds until another try is looked at
function administrator.log_in(req, response, given)
	local wait = wait_of(req)
	if wait > 0 then
		refusal.log(req, 429, "admin_password", "login refused")
		return nil, ("Too many tries. The next one is looked at in %d s."):format(math.ceil(wait)), math.ceil(wait)
	elseif #given > 1024 or not crypto.password_matches(given, hash()) then
		refusal.log(req, 401, "admin_password", "login refused")
		return nil, "This is not the password. It is the value of ADMIN_PASSWORD."
	end
	local token = crypto.token(32)
	local ok, err = schema.prepare "sessions"
	if ok then
		local insert = "INSERT INTO pa_sessions (id, data, created, expires) VALUES (?, '{}', ?, ?)"
		ok, err = db.exec_soon(insert, id_of(token), now(), now() + LIFETIME)
	end
	if not ok then
		unavailable(err)
	end
	cookie.set(response, COOKIE, token, { max_age = LIFETIME, same_site = "Strict" })
	log.info("an administrator logged in", { peer = req.ip })
	return true
end

--- Logs out: the login's row and cookie are gone.
---@param req partnerapp.request
---@param response partnerapp.response
function administrator.log_out(req, response)
	local session = req.session
	if session and session.id ~= "open" then
		local ok, err = db.exec_soon("DELETE FROM pa_sessions WHERE id = ?", session.id)
		if not ok then
			unavailable(err)
		end
	end
	cookie.clear(response, COOKIE)
end

return administrator
