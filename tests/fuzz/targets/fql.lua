-- Conditions of the sandbox's filters: any text compiles or is refused with a reason; a condition answers true or false
-- for every event, the same in parentheses, the opposite after a `!`, or says why it cannot judge the event.
local fql = require "filtering.fql"
local json = require "partnerapp.json"

local events = {
	{},
	json.decode '{"type":"track","event":"Order Completed","userId":"u1","context":{"ip":"1.2.3.4","list":[1,"a",null]}}',
	json.decode '{"type":"identify","a":1,"b":-2.5,"c":true,"d":null,"e":[],"f":{},"properties":{"price":10,"name":"x"}}',
	json.decode '{"type":[1,[2,[3]]],"event":{"event":{"event":"event"}},"a":"10","b":"true","c":"aaaaaaaaaaaaaaab"}',
}

local function answers(condition)
	local list = {}
	for i, event in ipairs(events) do
		local holds, why = condition(event)
		assert(type(holds) == "boolean" or holds == nil and type(why) == "string" and why ~= "", type(holds))
		assert(holds == condition(event))
		list[i] = holds == nil and "cannot" or holds
	end
	return list
end

return function(data)
	local condition, problem = fql.compile(data)
	if not condition then
		assert(type(problem) == "string" and problem ~= "", problem)
		return
	end
	local list = answers(condition)
	local inside, negated = fql.compile("(" .. data .. ")"), fql.compile("!(" .. data .. "\n)")
	for i, answer in ipairs(inside and answers(inside) or {}) do
		assert(answer == list[i], data)
	end
	for i, answer in ipairs(negated and answers(negated) or {}) do
		if list[i] == "cannot" then
			assert(answer == "cannot", data)
		else
			assert(answer == not list[i], data)
		end
	end
end
