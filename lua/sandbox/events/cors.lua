-- CORS of the intake (A51): pages of any origin may send events, as to Segment, for analytics.js runs on pages of
-- customers. No route below /v1/ reads a cookie. An event without the write key of a source gets into the list of
-- events and no further, and a page of another site cannot read the key: the pages that show one have no CORS.
local cors = {}

--- After a response of the intake: adds the headers that let a page of any origin send and read.
---@param req table
---@param response table
function cors.after(req, response)
	if not req.path:find "^/v1/" then
		return
	end
	local headers = response.headers or {}
	response.headers = headers
	headers["access-control-allow-origin"] = "*"
	if req.method ~= "OPTIONS" or not req:header "access-control-request-method" then
		return
	end
	headers["access-control-allow-methods"] = headers.allow
	headers["access-control-max-age"] = "600"
	-- Authorization and X-Retry-Count of analytics.js, and what the customer added; "*" would not mean Authorization.
	local wanted = req:header "access-control-request-headers"
	if wanted and wanted:find "^[%w%-_, ]+$" then
		headers["access-control-allow-headers"] = wanted
	end
	-- A browser asks so before a page of the internet calls this machine (Private Network Access).
	if req:header "access-control-request-private-network" == "true" then
		headers["access-control-allow-private-network"] = "true"
	end
end

return cors
