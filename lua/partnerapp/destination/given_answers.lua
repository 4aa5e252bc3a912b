-- What a partner's API answers in a try that does not send: given by a person or by a recording, in the order of the
-- requests. A request beyond them gets the usual stand-in.
local json = require "partnerapp.json"
local requests = require "partnerapp.destination.requests"

local given_answers = {}

--- Reads an answer as a person writes one: a status, a body, or both: `404`, `{"id":7}`, `429 {"error":"slow"}`.
---@param text string
---@return table? answer { status, headers, body }
---@return string? message
function given_answers.read(text)
	local trimmed = text:match "^%s*(.-)%s*$"
	local status, body = trimmed:match "^(%d%d%d)%s+(.*)$"
	status = status or trimmed:match "^%d%d%d$"
	body = body or not status and trimmed or ""
	local number = status and tonumber(status) or 200
	if number < 200 or number > 599 then
		return nil, ("an answer has a status from 200 to 599, not %s"):format(status)
	elseif trimmed == "" then
		return nil, 'an answer is a status, JSON, or both, such as 404, {"id":7} or 429 {"error":"slow"}'
	end
	local _, message, code = json.decode(body)
	if code and body:find "^[{%[]" then
		return nil, ("the answer %s: %s"):format(body, message)
	end
	local kind = code and "text/plain" or "application/json"
	return { status = number, headers = body ~= "" and { ["content-type"] = kind } or {}, body = body }
end

--- An answer as a person writes one, on one line.
---@param answer table { status, body? }
---@return string
function given_answers.text(answer)
	local value, _, code = json.decode(answer.body or "", { order = true })
	local body = code and (answer.body or ""):gsub("%s+", " ") or assert(json.encode(value, { javascript = true }))
	return body == "" and tostring(answer.status) or ("%d %s"):format(answer.status, body)
end

--- A transport that gives them.
---@param list table[] { status, headers?, body? }, or json.null for the usual stand-in
---@return fun(request: table): table?, string?, string?
function given_answers.transport(list)
	local count = 0
	return function(request)
		local fine, message, code = requests.stand_in(request)
		if not fine then
			return nil, message, code
		end
		count = count + 1
		local answer = list[count]
		if answer == nil or answer == json.null then
			return fine
		end
		return { status = answer.status, headers = answer.headers or {}, body = answer.body, given = true }
	end
end

return given_answers
