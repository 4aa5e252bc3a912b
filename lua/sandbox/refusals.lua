-- The library's refusals, in the form that each part of the sandbox has for errors.
local addresses = require "events.addresses"
local api_errors = require "api.errors"
local html = require "pages.html"
local log = require "partnerapp.log"
local oauth_errors = require "oauth.errors"
local reply = require "partnerapp.reply"

local refusals = {}

local TITLES = {
	[400] = "Bad request",
	[403] = "Not allowed",
	[404] = "Not found",
	[405] = "Method not allowed",
}

local function title(status)
	return TITLES[status] or status < 500 and "Request refused" or "Something went wrong"
end

--- The response of a refusal; for app:failed.
---@param req table
---@param status integer
---@param message string
---@return table response
function refusals.shape(req, status, message)
	local path = req.path
	local meant = status == 404 and addresses.meant(path)
	if meant then -- for a person: a library shows no answer, and a browser no more than that CORS failed
		message, req.warning = meant, meant
		log.warn(meant, { method = req.method })
	end
	if path:find "^/v1beta/" or path == "/v1beta" then
		return api_errors.of_status(status, message)
	elseif path:find "^/oauth2/" then
		return oauth_errors.of_status(req, status, message)
	elseif path:find "^/v1/" then
		return reply.json({ success = false, message = message }, status == 413 and 400 or status)
	elseif path:find "^/_sandbox/" or req:wants_json() then
		return reply.json({ error = message }, status)
	end
	local values = { title = title(status), message = message, status = status, request_id = req.id }
	return html.show("refusal", values, status)
end

return refusals
