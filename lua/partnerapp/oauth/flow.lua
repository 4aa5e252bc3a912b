-- An install flow between its beginning and its callback. What the callback has to know is sealed in a cookie of its
-- own, so that several tabs and several processes work; nothing is written before a state is claimed.
local config = require "partnerapp.config"
local cookie = require "partnerapp.web.cookie"
local crypto = require "native.crypto"
local db = require "native.db"
local mask = require("native.log").mask
local schema = require "partnerapp.store.schema"
local sys = require "native.sys"

---@class partnerapp.flow
---@field state string the hash of the state: all of it that is ever stored (OA-05)
---@field verifier string
---@field expires integer seconds since 1970
---@field path string of the mount that began it
---@field scope string what was asked for
---@field code string? what the callback brought, once it is claimed

local flow = {}

local SECONDS = 600
local MOST = 20 -- in one browser; some 6 KB, which proxies take too
local SEAL = "oauth.flow"
local PREFIX = "flow_"
local NAME_LENGTH = 22 -- of the hash: 128 bits and more

--- Whether a text can be a scope (RFC 6749 3.3): printable ASCII without quotes and backslashes.
---@param text any
---@return boolean
function flow.is_scope(text)
	return type(text) == "string" and #text <= 512 and text:find("^[ -~]+$") ~= nil and not text:find('["\\]')
end

local function hash(secret)
	return crypto.base64url(crypto.digest("sha256", secret))
end

local function cookie_name(state_hash)
	return PREFIX .. state_hash:sub(1, NAME_LENGTH)
end

local function unseal(sealed)
	local text = crypto.unseal_text(sealed, SEAL)
	if not text then
		return nil
	end
	local state, verifier, expires, path, scope = text:match("^(%S+) (%S+) (%d+) (%S+) (.*)$")
	return state
		and { state = state, verifier = verifier, expires = math.tointeger(expires), path = path, scope = scope }
end

-- Cookies of flows that were begun and left: the oldest go, so that the header never grows too large (OA-06).
local function drop_oldest(req, response)
	local header = req:header("cookie")
	if not header or select(2, header:gsub(PREFIX, "")) < MOST then
		return
	end
	local begun = {}
	for name, value in pairs(req.cookies) do
		local short = name:match(PREFIX .. "[%w_-]+$")
		if short then
			local one = unseal(value)
			begun[#begun + 1] = { name = short, expires = one and one.expires or 0 }
		end
	end
	table.sort(begun, function(a, b)
		return a.expires > b.expires
	end)
	for i = MOST, #begun do
		cookie.clear(response, begun[i].name)
	end
end

-- The cookie's line but for name and value, by whether browsers come over https.
local frames = {}

local function frame()
	local known = frames[config.https]
	if not known then
		local before, behind = cookie.frame { max_age = SECONDS }
		known = { before .. PREFIX, behind }
		frames[config.https] = known
	end
	return known[1], known[2]
end

--- Begins a flow: puts its cookie on the response. This is the busiest path of a partner's app, so the line of the
--- cookie is made by hand: all that varies is base64url.
---@param req partnerapp.request
---@param response partnerapp.response without cookies
---@param path string of the mount
---@param scope string
---@return string state, string challenge of the verifier, S256
function flow.begin(req, response, path, scope)
	local state, verifier = crypto.token(32), crypto.token(32)
	local name = hash(state)
	local now = sys.now() // 1 | 0
	local sealed =
		crypto.seal_text(name .. " " .. verifier .. " " .. now + SECONDS .. " " .. path .. " " .. scope, SEAL)
	local before, behind = frame()
	response.headers["set-cookie"] = before .. name:sub(1, NAME_LENGTH) .. "=" .. sealed .. behind
	drop_oldest(req, response)
	return state, hash(verifier)
end

--- The flow of a state that this browser began, or why it is none.
---@param req partnerapp.request
---@param path string of the mount
---@param state string
---@return partnerapp.flow? flow, "used"|"wrong"|"expired"|nil why
function flow.find(req, path, state)
	local name = hash(state)
	local sealed = cookie.get(req, cookie_name(name))
	if not sealed then
		local row = schema.prepare "oauth" and db.row("SELECT 1 FROM pa_claims WHERE state = ?", name)
		return nil, row and "used" or "wrong"
	end
	local found = unseal(sealed)
	if not found or not crypto.equal(found.state, name) or found.path ~= path then
		return nil, "wrong"
	elseif found.expires < sys.now() then
		return nil, "expired"
	end
	mask(found.verifier)
	return found
end

--- Takes the one use of a state (OA-02): whoever inserts the row goes on. It needs no wait for the disk, for a flow
--- lives ten minutes.
---@param found partnerapp.flow
---@return integer? one, string? message, string? code "constraint" when it was used before
function flow.claim(found)
	local ok, err, code = schema.prepare "oauth"
	if not ok then
		return nil, err, code
	end
	ok, err, code = db.exec_soon("INSERT INTO pa_claims (state, expires) VALUES (?, ?)", found.state, found.expires)
	if ok and found.state:byte() % 16 == 0 then
		db.exec_soon("DELETE FROM pa_claims WHERE expires < ?", sys.now())
	end
	return ok, err, code
end

--- Takes a flow's cookie away.
---@param response partnerapp.response
---@param found partnerapp.flow
---@return partnerapp.response the same one
function flow.forget(response, found)
	return cookie.clear(response, cookie_name(found.state))
end

return flow
