-- HT-08: a template that does not compile is told with its line; text outside of forms stays as it is, and a value is
-- escaped so that it cannot end the text or the attribute that it is in.
local files = require "partnerapp.web.files"
local view = require "partnerapp.web.view"

-- The view module keeps what it compiled by its name: each input has a name of its own.
local source, count = "", 0

function files.read()
	return source, "views/fuzz.html"
end

local function rendered(template, value)
	source, count = template, count + 1
	return view.render("fuzz" .. count, { value = value })
end

local function unescaped(text)
	local names = { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'" }
	return (text:gsub("&([^;]*);", names))
end

local function check_problem(template)
	local problem = view.problem(template, "views/fuzz.html")
	if problem then
		local line = math.tointeger(tonumber(problem:match "^views/fuzz%.html:(%d+):"))
		local _, last = template:gsub("[\n\r]", "") -- for Lua a CR ends a line too
		assert(line and line >= 1 and line <= last + 1, problem)
	end
end

return function(data)
	check_problem(data)
	local text = data:gsub("{", "(") -- no forms
	assert(rendered(text) == text)
	local escaped = rendered("{{ value }}", data)
	assert(not escaped:find "[<>\"']" and unescaped(escaped) == data, escaped)
	assert(escaped == view.escape(data))
	local page = rendered(text .. "{{value}}" .. text .. "{{{ value }}}{# " .. text:gsub("#", "") .. " #}", data)
	assert(page == text .. escaped .. text .. data)
end
