-- What comes before a flow begins or ends: whether the request is a visit at all, and under the right name (TO-06).
local other_name = require "partnerapp.web.other_name"

local visit = {}

-- The response to HEAD and to a browser's prefetch, which must neither begin nor end a flow: after the 503 the browser
-- loads the address again when the visitor goes there.
local function ahead(req)
	local headers = { ["cache-control"] = "no-store" }
	if req.method == "HEAD" then
		return { status = 204, headers = headers }
	end
	headers["content-type"] = "text/plain; charset=utf-8"
	return { status = 503, headers = headers, body = "This address cannot be loaded ahead of a visit.\n", logged = true }
end

local function before(req, lead)
	if req.method ~= "HEAD" and not req.raw.unusual then
		return nil
	end
	return req:is_prefetch() and ahead(req) or lead(req)
end

--- The response to a request that must not begin a flow; nil for a visit that may.
---@param req partnerapp.request
---@return partnerapp.response?
function visit.before_start(req)
	return before(req, other_name.lead_once)
end

--- The response to a request that must not end a flow; nil for a callback.
---@param req partnerapp.request
---@return partnerapp.response?
function visit.before_callback(req)
	return before(req, other_name.lead)
end

return visit
