-- Responses: plain tables { status, headers, body } that a handler may change before it returns them.
local refusal = require "partnerapp.web.refusal"

---@class partnerapp.response
---@field status integer
---@field headers table<string, string|string[]>
---@field body string?
---@field fault "drip"|"reset"|"truncate"|"wrong_length"|nil a fault that the sandbox's server adds on purpose

local reply = {}

---@param body string
---@param status integer? 200 unless said
---@return partnerapp.response
function reply.text(body, status)
	return { status = status or 200, headers = { ["content-type"] = "text/plain; charset=utf-8" }, body = body }
end

---@param body string
---@param status integer?
---@return partnerapp.response
function reply.html(body, status)
	return {
		status = status or 200,
		headers = { ["content-type"] = "text/html; charset=utf-8", ["cache-control"] = "no-store" },
		body = body,
	}
end

local encode

---@param value any what partnerapp.json can encode
---@param status integer?
---@return partnerapp.response
function reply.json(value, status)
	encode = encode or require("partnerapp.json").encode
	local body, err = encode(value)
	if not body then
		error("reply.json: " .. err, 2)
	end
	return {
		status = status or 200,
		headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
		body = body,
	}
end

--- A redirect with 303 unless another status is given, so that the browser follows with GET. Check an address that came
--- from outside with partnerapp.local_path first.
---@param url string
---@param status integer?
---@return partnerapp.response
function reply.redirect(url, status)
	return { status = status or 303, headers = { location = url, ["cache-control"] = "no-store" } }
end

--- A page from views/NAME.html; web/view.lua has what a view may hold.
---@param name string
---@param values table<string, any>?
---@param status integer?
---@return partnerapp.response
function reply.view(name, values, status)
	return reply.html(require("partnerapp.web.view").render(name, values), status)
end

--- A file of the app's folder, as it was when the app was loaded. Raises when there is no such file; scripts are not
--- served.
---@param path string
---@return partnerapp.response
function reply.file(path)
	local response = require("partnerapp.web.static").file(path)
	if not response then
		error("reply.file: there is no file '" .. tostring(path) .. "' in the app's folder", 2)
	end
	return response
end

--- A refusal: becomes a page or JSON, as the client accepts; app:failed may shape it.
---@param status integer
---@param message string for people
---@param reason string? a short stable word for the log
---@return partnerapp.response
function reply.failed(status, message, reason)
	return refusal.new(status, message, nil, reason) --[[@as partnerapp.response]]
end

return reply
