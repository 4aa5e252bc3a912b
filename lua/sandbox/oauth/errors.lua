-- Errors of the OAuth server, with the fields and words of fosite.
local clients = require "oauth.clients"
local html = require "pages.html"
local reply = require "partnerapp.reply"
local short = require "partnerapp.short"
local way_back = require "oauth.way_back"

local errors = {}

--- The description of most errors; a hint tells them apart.
errors.malformed = "The request is missing a required parameter, includes an invalid parameter value, includes a "
	.. "parameter more than once, or is otherwise malformed"
errors.bad_client = "Client authentication failed (e.g., unknown client, no client authentication included, or "
	.. "unsupported authentication method)"

--- An error that is answered directly, as JSON.
---@param status integer
---@param name string "invalid_request"
---@param description string
---@param hint string?
---@return table response
function errors.json(status, name, description, hint)
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

-- What the request has for client and address, and what is registered: most mistakes are seen here.
local function sent_by(req)
	local list, query = {}, req.query
	for _, name in ipairs { "client_id", "redirect_uri" } do
		list[#list + 1] = query[name] and { name, short(query[name]) } or nil
	end
	local client = query.client_id and clients.find(query.client_id)
	for _, uri in ipairs(client and client.redirect_uris or {}) do
		list[#list + 1] = { "registered redirect_uri", uri }
	end
	return list
end

--- The same, for browsers as a page (A2).
---@param req table
---@param status integer
---@param name string
---@param description string
---@param hint string?
---@return table response
function errors.page_or_json(req, status, name, description, hint)
	if (req:header "accept" or ""):find("text/html", 1, true) then
		local values = {
			title = "OAuth error",
			name = name,
			description = description,
			hint = hint or false,
			sent = sent_by(req),
			apps = way_back(),
		}
		return html.show("oauth_error", values, status)
	end
	return errors.json(status, name, description, hint)
end

--- The error for a refusal of the library. Browsers open /oauth2/auth only.
---@param req table
---@param status integer
---@param message string
---@return table response
function errors.of_status(req, status, message)
	if status >= 500 then
		return errors.json(status, "server_error", message)
	elseif req.path == "/oauth2/auth" then
		return errors.page_or_json(req, 400, "invalid_request", errors.malformed, message)
	end
	return errors.json(400, "invalid_request", errors.malformed, message)
end

return errors
