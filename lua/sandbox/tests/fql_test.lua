-- FQL, the language of the conditions of destination filters.
local cases = require "tests.fql_cases"
local fql = require "filtering.fql"
local testing = require "partnerapp.testing"

local case = testing.case

local function answer(text)
	local condition = fql.compile(text)
	if not condition then
		return "refused"
	end
	local holds = condition(cases.event)
	if holds == nil then
		return "cannot"
	end
	return holds
end

for _, group in ipairs(cases.groups) do
	case("FQL: " .. group[1], function(t)
		t.truthy(#group > 1)
		for i = 2, #group do
			local text, wanted = group[i][1], group[i][2]
			t.equal(answer(text), wanted, text:sub(1, 100))
		end
	end)
end

case("FQL: a problem says where it is, and what to write", function(t)
	for text, problem in pairs {
		["type = "] = "character 8: a value is missing",
		["type in ('a', 'b')"] = "character 13: a list is written in [ ]",
		["type == 'a'"] = "character 7: equality is written with one =",
		["a>4"] = "character 2: write a space before >",
		["a !='b'"] = "character 5: write a space after !=",
		["a <=4"] = "character 4: write a space after <=",
		["(a"] = "character 3: ')' is missing",
		["a = 'b' c = 'd'"] = "character 9: and, or or the end of the condition is expected here",
		["contain( a, 'b' )"] = "character 1: there is no function 'contain': did you mean 'contains'?",
		["a = 'b' && c"] = "character 9: write and instead of &&",
		["a = 'b' || c"] = "character 9: write or instead of ||",
		["a = 'b' OR c"] = "character 9: write or in lower case",
		["length( a, b )"] = "character 14: length takes one value, and here are 2",
		["a = '日' $"] = "character 9: '$' is not expected here: in a name it needs a \\ before it",
		["a = - 5"] = "character 5: - is not a number",
		["a.null = 1"] = "character 3: after a . a name is expected: write \\ before and, or, null and a digit",
		["a = 'b"] = "character 5: the string that begins here has no closing '",
	} do
		local _, said = fql.compile(text)
		t.equal(said, problem, text)
	end
	local _, said = fql.compile(("a"):rep(5121))
	t.equal(said, "a condition can have at most 5120 bytes, and this one has 5121")
end)

case("FQL: what cannot be judged says which value has a wrong type", function(t)
	for text, wanted in pairs {
		["event"] = "a condition takes true or false, and event is a string",
		["!event"] = "! takes true or false, and event is a string",
		["properties.price > '9'"] = "'9' is a string and properties.price is a number: < and > compare two numbers or two "
			.. "strings",
		["'a' in type"] = "in looks into a list, and type is a string",
		["length( context ) = 1"] = "length takes a list or string, and context is an object",
	} do
		local holds, why = fql.compile(text)(cases.event)
		t.equal(holds, nil, text)
		t.equal(why, wanted, text)
	end
end)

case("FQL: deep nesting is refused", function(t)
	for _, text in ipairs { ("("):rep(5000), ("["):rep(5000), ("!("):rep(2500), ("length("):rep(700) } do
		local condition, problem = fql.compile(text)
		t.equal(condition, nil)
		t.contains(problem, "parentheses are nested too deeply")
	end
end)

case("a glob with many stars is matched in a short time", function(t)
	t.equal(fql.compile("match( text, '" .. ("*a"):rep(50) .. "b' )") { text = ("a"):rep(500) }, false)
end)
