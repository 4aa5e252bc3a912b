-- Calls an app without a socket, as src/script/vm.c does it with one: for tests, and for requests that are sent again.
local fault = require "partnerapp.web.fault"
local raised = require "partnerapp.web.raised"
local refusal = require "partnerapp.web.refusal"
local requests = require "partnerapp.web.request"

local in_process = {}

--- The path of a target as the server decodes it.
---@param path string with %XX
---@return string
function in_process.decode(path)
	return (path:gsub("%%(%x%x)", function(digits)
		return string.char(tonumber(digits, 16))
	end))
end

--- The response to a request; what is raised becomes one too.
---@param app partnerapp.app
---@param raw table a request with the fields of native.request
---@param check fun(response: partnerapp.response)? raises for a response that cannot be sent
---@return partnerapp.response response, string? raised by a script
function in_process.call(app, raw, check)
	local ok, response, traceback = raised.call(function()
		local made = app:dispatch(requests.new(raw))
		if check then
			check(made)
		end
		return made
	end)
	if ok then
		return response
	end
	local answer = fault.finish(app, requests.new(raw), response, traceback)
	if check then
		check(answer)
	end
	return answer, not refusal.is(response) and raised.text(response, traceback) or nil
end

return in_process
