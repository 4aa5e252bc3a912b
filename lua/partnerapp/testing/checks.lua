-- The checks of a test case: `t`. A check that fails raises a message with what it got and what it wanted.
local inspect = require "partnerapp.inspect"

local function show(value)
	return inspect(value, math.huge)
end

local function same(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b and math.type(a) == math.type(b)
	end
	for key, value in pairs(a) do
		if not same(value, b[key]) then
			return false
		end
	end
	for key in pairs(b) do
		if a[key] == nil then
			return false
		end
	end
	return true
end

---@class partnerapp.testing.checks
local checks = {}

local function fail(message, note)
	error((note and note .. ": " or "") .. message, 3)
end

--- The same value; numbers must both be integers or both floats. For tables there is `same`.
---@param got any
---@param wanted any
---@param note string?
function checks.equal(got, wanted, note)
	if got ~= wanted or math.type(got) ~= math.type(wanted) then
		fail("got " .. show(got) .. ", wanted " .. show(wanted), note)
	end
end

--- Tables with the same fields and values, also in tables inside.
---@param got any
---@param wanted any
---@param note string?
function checks.same(got, wanted, note)
	if not same(got, wanted) then
		fail("got " .. show(got) .. ", wanted " .. show(wanted), note)
	end
end

---@param got any
---@param note string?
---@return any got
function checks.truthy(got, note)
	if not got then
		fail("got " .. show(got) .. ", wanted something true", note)
	end
	return got
end

---@param got any
---@param note string?
function checks.falsy(got, note)
	if got then
		fail("got " .. show(got) .. ", wanted nil or false", note)
	end
end

--- A string that a Lua pattern matches.
---@param got any
---@param pattern string
---@param note string?
---@return string ... its captures
function checks.match(got, pattern, note)
	if type(got) ~= "string" or not got:find(pattern) then
		fail("got " .. show(got) .. ", wanted a string that matches " .. show(pattern), note)
	end
	return got:match(pattern)
end

--- A string that contains another, taken literally.
---@param got any
---@param text string
---@param note string?
function checks.contains(got, text, note)
	if type(got) ~= "string" or not got:find(text, 1, true) then
		fail("got " .. show(got) .. ", wanted a string with " .. show(text), note)
	end
end

---@param got any
---@param text string
---@param note string?
function checks.lacks(got, text, note)
	if type(got) ~= "string" or got:find(text, 1, true) then
		fail("got " .. show(got) .. ", wanted a string without " .. show(text), note)
	end
end

--- A function that raises an error whose message contains `text`.
---@param fn fun()
---@param text string?
---@param note string?
---@return any error what was raised
function checks.raises(fn, text, note)
	local ok, err = pcall(fn)
	if ok then
		fail("nothing was raised", note)
	elseif text and not tostring(err):find(text, 1, true) then
		fail("raised " .. show(tostring(err)) .. ", wanted " .. show(text), note)
	end
	return err
end

return require("partnerapp.hints.names").strict("t", checks)
