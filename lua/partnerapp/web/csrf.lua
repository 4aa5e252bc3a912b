-- Checks that requests which change something come from this app's own pages (HT-04): by Sec-Fetch-Site, else by
-- Origin; and a form of a browser with a session must carry the session's token. Programs send neither header and no
-- session.
local config = require "partnerapp.config"
local cors = require "partnerapp.web.cors"
local log = require "partnerapp.log"
local refusal = require "partnerapp.web.refusal"

local csrf = {}

local OUT_OF_DATE = "This form is out of date. Open its page again and send it from there."

-- Whether an origin is the public one, or the one of this request's Host, which the gate has checked.
local function is_own(req, origin)
	origin = origin:lower()
	if origin == config.public_url:match("^%a+://[^/]+"):lower() then
		return true
	end
	local scheme, authority = origin:match("^(https?)://(.+)$")
	local host = req:header("host")
	return host ~= nil and authority == host:lower() and (scheme == "https" or not config.https)
end

local function comes_from_here(req, origins)
	local origin = req:header("origin")
	if origin and origins and cors.is_listed(origins, origin) then
		return true
	end
	local site = req:header("sec-fetch-site")
	if site then
		return site == "same-origin" or site == "none"
	end
	return not origin or is_own(req, origin)
end

-- Content types that a form of another site can send. For any other the browser asks this app for permission first.
local FORM_TYPES = {
	["application/x-www-form-urlencoded"] = true,
	["multipart/form-data"] = true,
	["text/plain"] = true,
}

local function is_form(req)
	local kind = req:header("content-type")
	return not kind or FORM_TYPES[kind:match("^[^;%s]*"):lower()] == true
end

local function sent_token(req)
	local token = req:header("x-csrf-token")
	if token then
		return token
	end
	local kind = req:header("content-type")
	if kind and kind:lower():find("application/x-www-form-urlencoded", 1, true) == 1 then
		return req.form.csrf
	end
end

-- In development the refusal of a form without a token says what to add, and where; also on the terminal.
local function without_token(req, router)
	local message = require "partnerapp.hints.forms"(req, router)
	log.warn(message)
	return message
end

--- Why the request may not change anything, or nil.
---@param req partnerapp.request
---@param app partnerapp.app
---@param tokenless boolean? whether the form may be older than the session
---@return partnerapp.refusal?
function csrf.check(req, app, tokenless)
	local origins = app._cors
	if not comes_from_here(req, origins) then
		return refusal.new(403, "This request comes from another site.", nil, "cross_site")
	end
	local session = not tokenless and is_form(req) and req.session
	local sent = session and sent_token(req)
	if session and not (sent and require("native.crypto").equal(sent, session.csrf)) then
		local message = OUT_OF_DATE
		if not sent and config.development then
			message = without_token(req, app._router)
		end
		return refusal.new(403, message, nil, "csrf_token")
	end
end

---@param req partnerapp.request
---@return string
function csrf.token(req)
	local session = req.session
	return session and session.csrf or ""
end

return csrf
