-- Who may call (HT-31). The server sends for real, so a page of another site that is open in the same browser must not
-- reach it: a request needs the server's own Host (against DNS rebinding), no Origin but those of Segment's tools, and
-- for POST a content type that no form can have.
local config = require "partnerapp.config"
local cors = require "partnerapp.web.cors"
local refusal = require "partnerapp.web.refusal"

local callers = {}

-- Segment's app, and its tools on a developer's machine.
local ORIGINS = {
	"https://app.segment.com",
	"https://eu1.app.segment.com",
	"https://app.segment.build",
	"https://eu1.app.segment.build",
	"http://localhost:8000",
}

local HOSTS = { "localhost", "127.0.0.1" }

local function is_own_host(header)
	local port = config.public_url:match ":(%d+)$"
	for _, host in ipairs(HOSTS) do
		if header == ("%s:%s"):format(host, port) or port == "80" and header == host then
			return true
		end
	end
	return false
end

local function is_json(header)
	return header ~= nil and header:match("^[^;%s]*"):lower() == "application/json"
end

--- Why a request is not answered; nil when it is.
---@param req partnerapp.request
---@return partnerapp.refusal?
function callers.refusal(req)
	if not is_own_host((req:header "host" or ""):lower()) then
		local message = ("This server answers as %s or 127.0.0.1 only."):format(config.public_url)
		return refusal.new(421, message, nil, "host")
	end
	local origin = req:header "origin"
	if origin and not cors.is_listed(ORIGINS, origin) then
		return refusal.new(403, "Pages of this origin may not call: only those of Segment may.", nil, "cross_site")
	end
	if req.method == "POST" and not is_json(req:header "content-type") then
		local message = "The body must be JSON: send the header `Content-Type: application/json`."
		return refusal.new(415, message, nil, "not_json")
	end
end

--- Adds the headers that let a page of Segment's read a response.
---@param req partnerapp.request
---@param response partnerapp.response
function callers.admit(req, response)
	cors.apply(ORIGINS, req, response)
	local headers = response.headers
	if req.method ~= "OPTIONS" or not headers["access-control-allow-origin"] then
		return
	end
	local wanted = req:header "access-control-request-headers"
	if wanted and wanted:find "^[%w%-_, ]+$" then
		headers["access-control-allow-headers"] = wanted
	end
	-- A browser asks so before a public page calls this machine (Private Network Access).
	if req:header "access-control-request-private-network" == "true" then
		headers["access-control-allow-private-network"] = "true"
	end
end

return callers
