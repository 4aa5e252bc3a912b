-- What the library's Content-Security-Policy blocks on the app's pages: a browser leaves it out, and says so on its
-- console only. Found by reading the views; an app that sets a policy of its own is trusted to have allowed it.
local scripts = require "native.scripts"

local blocked = {}

local ADVICE = "put it into a file in static/ and link that with {{ asset(…) }}"
local ALLOW = "reply.policy allows an origin (docs/scripts.md)"

-- The attribute with an address, by tag, and what happens to one of another origin.
local LOADS = {
	img = { "src", "not loaded" },
	script = { "src", "not loaded" },
	iframe = { "src", "not loaded" },
	audio = { "src", "not loaded" },
	video = { "src", "not loaded" },
	source = { "src", "not loaded" },
	link = { "href", "not loaded" },
	form = { "action", "not sent" },
}

local function sets_policy()
	for _, name in ipairs(scripts.list "app") do
		if name:find "%.lua$" and scripts.read("app", name):lower():find("content-security-policy", 1, true) then
			return true
		end
	end
	return false
end

-- A template's source without what is between two marks; the lines stay.
local function blank(source, open, close)
	local parts, at = {}, 1
	while true do
		local first = source:find(open, at, true)
		local _, last = source:find(close, first and first + #open or #source + 1, true)
		if not last then
			parts[#parts + 1] = source:sub(at)
			return table.concat(parts)
		end
		parts[#parts + 1] = source:sub(at, first - 1)
		parts[#parts + 1] = source:sub(first, last):gsub("[^\n]", " ")
		at = last + 1
	end
end

-- Without what the template computes, and without remarks.
local function markup_of(source)
	return blank(blank(blank(blank(source, "{#", "#}"), "{{", "}}"), "{%", "%}"), "<!--", "-->")
end

-- The value of an attribute, nil without one or with one that the template computes.
local function value_of(attributes, name)
	return (" " .. attributes):match("%s" .. name .. "%s*=%s*[\"']?%s*([^\"'%s>]+)")
end

local function foreign_origin(tag, attributes)
	local address = LOADS[tag] and value_of(attributes, LOADS[tag][1])
	if tag == "link" and not attributes:find "stylesheet" and not attributes:find "icon" then
		return nil
	end
	return address and (address:match "^%a[%w+.-]*://[^/?#]+" or address:match "^//[^/?#]+")
end

-- A <script> with data, such as application/json, is not run in any case.
local function is_run(attributes)
	local kind = value_of(attributes, "type")
	return not kind or kind == "module" or kind:find "javascript"
end

-- What is blocked of one tag, and what to do; nil when nothing is.
local function problem_of(tag, attributes)
	local origin = foreign_origin(tag, attributes)
	local handler = (" " .. attributes):match "%s(on%l+)%s*="
	if tag == "style" then
		return "a <style> has no effect", ADVICE
	elseif tag == "script" and not (" " .. attributes):find "%ssrc%s*=" and is_run(attributes) then
		return "a <script> without src is not run", ADVICE
	elseif origin then
		return ("<%s> of %s is %s"):format(tag, origin, LOADS[tag][2]), ALLOW
	elseif (" " .. attributes):find "%sstyle%s*=" then
		return ("the style of a <%s> has no effect"):format(tag), "use a class and a file in static/"
	elseif handler then
		return ("the %s of a <%s> is not run"):format(handler, tag), ADVICE
	end
end

local ATTRIBUTES_MOST = 2000 -- bytes of a tag: a longer one is data rather than markup

local function add_warnings(warnings, name, source)
	local markup, line, counted, at = markup_of(source), 1, 1, 1
	while true do
		local first = markup:find("<%a", at)
		local last = first and markup:find(">", first, true)
		if not last then
			return
		end
		at = last + 1
		local tag = markup:match("^%w+", first + 1)
		local attributes = markup:sub(first + 1 + #tag, math.min(last - 1, first + ATTRIBUTES_MOST))
		local problem, advice = problem_of(tag:lower(), attributes)
		if problem then
			line = line + select(2, markup:sub(counted, first):gsub("\n", ""))
			counted = first + 1
			local message = "%s:%d: %s, for the page's Content-Security-Policy forbids it: %s"
			warnings[#warnings + 1] = message:format(name, line, problem, advice)
		end
	end
end

--- What browsers leave out of the app's pages.
---@return string[] warnings each with file and line
function blocked.warnings()
	local warnings = {}
	if sets_policy() then
		return warnings
	end
	for _, name in ipairs(scripts.list("app", "views/")) do
		if name:find "%.html$" then
			add_warnings(warnings, name, scripts.read("app", name))
		end
	end
	return warnings
end

return blocked
