-- An install flow from its beginning to its callback. What the callback needs is sealed in a cookie for each flow, so
-- that several tabs and several processes work; nothing is written before a state is claimed.
local config = require "partnerapp.config"
local cookie = require "partnerapp.web.cookie"
local crypto = require "native.crypto"
local db = require "native.db"
local mask = require("native.log").mask
local sys = require "native.sys"

---@class partnerapp.flow
---@field state string the hash of the state: the state itself is never stored (OA-05)
---@field verifier string
---@field expires number seconds since 1970, exact enough to tell which flow began first
---@field path string of the mount that began it
---@field mark string of the authorization server and the client: see installs/belonging
---@field scope string that was asked for
---@field code string? of the callback, once the state is claimed

local flow = {}

local SECONDS = 600
local MOST = 20 -- flows in one browser: their cookies are some 7 KB, which proxies accept
local SEAL = "oauth.flow"
local PREFIX = "flow_"
local NAME_LENGTH = 22 -- of the hash: 128 bits and more

-- Loaded late: a flow begins without the database.
local function prepare()
	return require("partnerapp.store.schema").prepare "oauth"
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
	local state, verifier, expires, mark, path, scope = text:match "^(%S+) (%S+) (%d+%.?%d*) (%S+) (%S+) (.*)$"
	return state
		and { state = state, verifier = verifier, expires = tonumber(expires), mark = mark, path = path, scope = scope }
end

local function count(header, text)
	local found, at = 0, 0
	repeat
		at = header:find(text, at + 1, true)
		found = found + (at and 1 or 0)
	until not at
	return found
end

-- Removes the oldest cookies of flows that did not end, so that the header does not grow too large (OA-06).
local function drop_oldest(req, response)
	local header = req:header "cookie"
	if not header then
		return
	end
	local start = cookie.name(PREFIX)
	if count(header, start) < MOST then
		return
	end
	local begun = {}
	for name, value in pairs(req.cookies) do
		if name:sub(1, #start) == start then
			local one = unseal(value)
			begun[#begun + 1] = { name = PREFIX .. name:sub(#start + 1), expires = one and one.expires or 0 }
		end
	end
	table.sort(begun, function(a, b)
		if a.expires == b.expires then
			return a.name < b.name -- any order, but the same one each time
		end
		return a.expires > b.expires
	end)
	for i = MOST, #begun do
		cookie.clear(response, begun[i].name)
	end
end

-- The cookie's line without name and value; it depends on PUBLIC_URL.
local before, after, origin

local function frame()
	if origin ~= config.public_url then
		origin = config.public_url
		before, after = cookie.frame { max_age = SECONDS }
		before = before .. PREFIX
	end
	return before, after
end

--- Begins a flow: adds its cookie to the response. No route of an app is called more often, so the cookie's line is put
--- together here without the checks of web/cookie: all that varies is base64url.
---@param req partnerapp.request
---@param response partnerapp.response without cookies
---@param about {mark: string, path: string, scope: string}
---@return string state, string challenge of the verifier, S256
function flow.begin(req, response, about)
	local state, verifier = crypto.token(32), crypto.token(32)
	local name = hash(state)
	local expires = ("%.6f"):format(sys.now() + SECONDS) -- many begin in one second, and the oldest goes (OA-06)
	local text = name
		.. " "
		.. verifier
		.. " "
		.. expires
		.. " "
		.. about.mark
		.. " "
		.. about.path
		.. " "
		.. about.scope
	local sealed = crypto.seal_text(text, SEAL)
	local start, stop = frame()
	response.headers["set-cookie"] = start .. name:sub(1, NAME_LENGTH) .. "=" .. sealed .. stop
	drop_oldest(req, response)
	return state, hash(verifier)
end

-- The flow that a cookie of that name holds: of several, the one that can be unsealed and is about this state.
local function find_sealed(sealed, name)
	for _, text in ipairs(sealed) do
		local found = unseal(text)
		if found and crypto.equal(found.state, name) then
			return found
		end
	end
end

--- The flow of a state, when this browser began it; otherwise nil and why.
---@param req partnerapp.request
---@param path string of the mount
---@param state string
---@return partnerapp.flow? flow, "used"|"wrong"|"expired"|nil why
function flow.find(req, path, state)
	local name = hash(state)
	local sealed = cookie.values(req, cookie_name(name))
	if not sealed[1] then
		local row = prepare() and db.row("SELECT 1 FROM pa_claims WHERE state = ?", name)
		return nil, row and "used" or "wrong"
	end
	local found = find_sealed(sealed, name)
	if not found or found.path ~= path then
		return nil, "wrong"
	elseif found.expires < sys.now() then
		return nil, "expired"
	end
	mask(found.verifier)
	return found
end

--- Claims a state, which works once (OA-02): only the request that inserts the row may go on. It does not wait for the
--- disk, for a flow lives ten minutes.
---@param found partnerapp.flow
---@return integer? one, string? message, string? code "constraint" when it was used before
function flow.claim(found)
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	ok, err, code = db.exec_soon("INSERT INTO pa_claims (state, expires) VALUES (?, ?)", found.state, found.expires)
	if ok and found.state:byte() % 16 == 0 then
		db.exec_soon("DELETE FROM pa_claims WHERE expires < ?", sys.now())
	end
	return ok, err, code
end

--- Removes a flow's cookie.
---@param response partnerapp.response
---@param found partnerapp.flow
---@return partnerapp.response the same one
function flow.forget(response, found)
	return cookie.clear(response, cookie_name(found.state))
end

return flow
