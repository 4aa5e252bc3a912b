-- The app that runs in the same process, for the sandbox: it knows the app's destinations and hands events to them,
-- without a network between the two.
local json = require "partnerapp.json"
local native = require "native.neighbour"

local neighbour = {}

--- Asks the app: see partnerapp/host/answers.lua for the questions.
---@param question "destinations"|"deliver"|"story"
---@param details table? more fields of the question
---@return table? answer, string? message
---@return string? code "absent" when no app runs in this process, "busy", "script" when the app raised, or the answer's
function neighbour.ask(question, details)
	local asked = { question = question }
	for name, value in pairs(details or {}) do
		asked[name] = value
	end
	local text, message, code = native.ask(assert(json.encode(asked, { javascript = true })))
	if not text then
		return nil, message, code
	end
	local answer = json.decode(text, { order = true })
	if answer.error then
		return nil, answer.error, answer.code
	end
	return answer
end

return require("partnerapp.hints.names").strict("partnerapp.neighbour", neighbour)
