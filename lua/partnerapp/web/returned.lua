-- Whether a function of the app returned a response.
local returned = {}

--- Raises with the line of a function that returned what is not a response.
---@param fn function
---@param who string "this hook of app:before"
---@param response any
function returned.check(fn, who, response)
	if type(response) == "table" and response.status ~= nil then
		return
	end
	local kind = type(response)
	local what = kind == "table" and "a table without a status" or kind == "nil" and "nothing" or "a " .. kind
	local advice = "a response is made by reply.text, reply.json, reply.view …"
	if response == nil then
		advice = "end it with `return reply.…`; when there is nothing to say, with `return reply.empty()`"
	end
	error(("%s: %s returned %s: %s"):format(require("native.scripts").place(fn), who, what, advice), 0)
end

return returned
