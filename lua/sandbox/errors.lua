-- How Segment says no: the Config API with a text and a gRPC code, the OAuth server with the fields of fosite.
local fault = require "partnerapp.fault"
local html = require "pages.html"
local reply = require "partnerapp.reply"
local short = require "partnerapp.short"

local errors = {}

--- What fosite says of most faults; a hint tells them apart.
errors.malformed = "The request is missing a required parameter, includes an invalid parameter value, includes a "
	.. "parameter more than once, or is otherwise malformed"
errors.bad_client = "Client authentication failed (e.g., unknown client, no client authentication included, or "
	.. "unsupported authentication method)"

local STATUS = { [3] = 400, [16] = 401, [7] = 403, [5] = 404, [6] = 409, [8] = 429, [13] = 500, [12] = 501, [14] = 503 }

--- An error of the Config API.
---@param code integer a gRPC code
---@param text string
---@return table response
function errors.api(code, text)
	return reply.json({ error = short(text), code = code }, STATUS[code])
end

--- An error of the OAuth server that is answered directly.
---@param status integer
---@param name string
---@param description string
---@param hint string?
---@return table response
function errors.oauth(status, name, description, hint)
	local response = reply.json({
		error = name,
		error_description = description,
		error_hint = hint,
		status_code = status,
	}, status)
	response.headers["content-type"] = "application/json;charset=UTF-8"
	response.headers.pragma = "no-cache"
	if status == 401 then
		response.headers["www-authenticate"] = 'Basic realm="sandbox"'
	end
	return response
end

--- The same as a page for browsers (A2).
---@param req table
---@param status integer
---@param name string
---@param description string
---@param hint string?
---@return table response
function errors.oauth_page(req, status, name, description, hint)
	if (req:header("accept") or ""):find("text/html", 1, true) then
		local values = { title = "OAuth error", name = name, description = description, hint = hint or false }
		return html.show("oauth_error", values, status)
	end
	return errors.oauth(status, name, description, hint)
end

local CODES = {
	[400] = 3,
	[401] = 16,
	[403] = 7,
	[404] = 5,
	[409] = 6,
	[413] = 3,
	[415] = 3,
	[429] = 8,
	[501] = 12,
	[503] = 14,
}

-- What no handler of the OAuth server got to see. Browsers come to /oauth2/auth only.
local function oauth_refusal(req, status, message)
	if status >= 500 then
		return errors.oauth(status, "server_error", message)
	elseif req.path == "/oauth2/auth" then
		return errors.oauth_page(req, 400, "invalid_request", errors.malformed, message)
	end
	return errors.oauth(400, "invalid_request", errors.malformed, message)
end

--- The library's own refusals in Segment's words.
---@param req table
---@param status integer
---@param message string
---@return table response
function errors.shape(req, status, message)
	local path = req.path
	if path:find("^/v1beta/") or path == "/v1beta" then
		local response = errors.api(CODES[status] or 13, status == 404 and "not found" or message)
		response.status = status
		return response
	elseif path:find("^/oauth2/") then
		return oauth_refusal(req, status, message)
	elseif path:find("^/v1/") then
		return reply.json({ success = false, message = message }, status == 413 and 400 or status)
	elseif path:find("^/_sandbox/") or req:wants_json() then
		return reply.json({ error = message }, status)
	end
	local values = { title = fault.title(status), message = message, status = status, request_id = req.id }
	return html.show("refusal", values, status)
end

return errors
