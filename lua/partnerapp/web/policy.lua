-- The Content-Security-Policy of pages: what a browser loads and runs for them. Pages that set none have the one of
-- src/server/head.c, which is that of `policy {}`.
local nearest = require "partnerapp.nearest"

-- The directives in the order of the header, and what each allows anyway. Those without are in it when something is
-- allowed: until then default-src counts for them.
local DIRECTIVES = {
	{ "style_src", "'self'" },
	{ "script_src", "'self'" },
	{ "img_src", "'self' data:" },
	{ "form_action", "'self'" },
	{ "connect_src" },
	{ "font_src" },
	{ "frame_src" },
	{ "media_src" },
}

local NAMES = {}
for i, directive in ipairs(DIRECTIVES) do
	NAMES[i] = directive[1]
end

local function is_known(name)
	for _, known in ipairs(NAMES) do
		if known == name then
			return true
		end
	end
	return false
end

-- The sources that are allowed for one directive, as the header has them; nil and what is wrong.
local function sources_of(name, given)
	local list = type(given) == "table" and given or { given }
	for _, source in ipairs(list) do
		if type(source) ~= "string" or not source:find "^[%w'*][%w%-._~:/*'%[%]+=%%]*$" then
			local message = "%s: '%s' cannot be a source: an origin is 'https://cdn.example.com'"
			return nil, message:format(name, tostring(source))
		end
	end
	return table.concat(list, " ")
end

--- The library's policy, with more sources.
---@param allowed table<string, string|string[]> by the names of DIRECTIVES
---@return string? policy the value of the header
---@return string? message what is wrong
return function(allowed)
	if type(allowed) ~= "table" then
		return nil, "a table is expected, such as { img_src = 'https://cdn.example.com' }"
	end
	for name in pairs(allowed) do
		if not is_known(name) then
			return nil, ("unknown directive '%s'%s"):format(tostring(name), nearest(tostring(name), NAMES))
		end
	end
	local parts = { "default-src 'none'" }
	for _, directive in ipairs(DIRECTIVES) do
		local name, sources = directive[1], directive[2]
		if allowed[name] ~= nil then
			local more, message = sources_of(name, allowed[name])
			if not more then
				return nil, message
			end
			sources = sources and sources .. " " .. more or more
		end
		if sources then
			parts[#parts + 1] = name:gsub("_", "-") .. " " .. sources
		end
		if name == "form_action" then
			parts[#parts + 1] = "base-uri 'none'"
			parts[#parts + 1] = "frame-ancestors 'none'"
		end
	end
	return table.concat(parts, "; ")
end
