-- URIs, references and templates, as the regular expressions of ajv-formats take them. Those expressions allow less
-- structure than RFC 3986 has: an authority may be empty, so that every path is one.
local network_text = require "partnerapp.destination.network_text"

local uri = {}

local UNRESERVED = "%w%-._~"
local MARKS = "!$&'()*+,;="

-- Whether the string is made of these characters and of %XX.
local function is_made_of(text, class)
	local rest = text:gsub("%%%x%x", "")
	return not rest:find("[^" .. class .. "]")
end

-- The inside of "[…]": an IPv6 address, or "v" with a version and what that version has.
local function is_literal(text)
	if network_text.is_ipv6(text, true) then
		return true
	end
	local future = text:match "^[vV]%x+%.(.+)$"
	return future ~= nil and not future:find("[^" .. UNRESERVED .. MARKS .. ":]")
end

-- "//user@[::1]:80/path"
local function has_literal(text, path_class)
	local first = text:find("[", 1, true)
	local last = first and text:find("]", first, true)
	if not last or text:sub(1, 1) ~= "/" then
		return false
	end
	local user = text:sub(1, first - 1):gsub("^//?", "")
	if user ~= "" and not (user:sub(-1) == "@" and is_made_of(user:sub(1, -2), UNRESERVED .. MARKS .. ":")) then
		return false
	end
	local path = text:sub(last + 1):gsub("^:%d*", "")
	return is_literal(text:sub(first + 1, last - 1))
		and (path == "" or path:sub(1, 1) == "/")
		and is_made_of(path, path_class)
end

local function split(text)
	local before, fragment = text:match "^([^#]*)#(.*)$"
	local main, query = (before or text):match "^([^?]*)%?(.*)$"
	return main or before or text, query or "", fragment or ""
end

local function is_hierarchy(text, class)
	return is_made_of(text, class) or has_literal(text, class)
end

--- Whether it is an absolute URI.
---@param text string
---@return boolean
function uri.is_uri(text)
	local class = UNRESERVED .. MARKS .. ":@/"
	local main, query, fragment = split(text)
	local rest = main:match "^%a[%w+%-.]*:(.+)$"
	return rest ~= nil
		and is_hierarchy(rest, class)
		and is_made_of(query, class .. "?")
		and is_made_of(fragment, class .. "?")
end

--- Whether it is a URI or a relative reference. ajv-formats allows '"' in these.
---@param text string
---@return boolean
function uri.is_reference(text)
	local class = UNRESERVED .. MARKS .. ':@/"'
	local main, query, fragment = split(text)
	local rest = main:match "^%a[%w+%-.]*:(.*)$"
	return (is_hierarchy(main, class) or rest ~= nil and is_hierarchy(rest, class))
		and is_made_of(query, class .. "?")
		and is_made_of(fragment, class .. "?")
end

-- "name", "name:3", "name*"
local function is_variable(text)
	local name, modifier = text:match "^([^:*]+)(.*)$"
	if not name or not is_made_of(name, "%w_") then
		return false
	end
	return modifier == "" or modifier == "*" or modifier:find "^:[1-9]%d?%d?%d?$" ~= nil
end

local function is_expression(text)
	local list = text:gsub("^[+#./;?&=,!@|]", "")
	for variable in (list .. ","):gmatch "([^,]*)," do
		if not is_variable(variable) then
			return false
		end
	end
	return true
end

--- Whether it is a URI template (RFC 6570).
---@param text string
---@return boolean
function uri.is_template(text)
	local literal = text:gsub("{([^{}]*)}", function(inner)
		return is_expression(inner) and "" or nil
	end)
	literal = literal:gsub("%%%x%x", "")
	return not literal:find "[%z\1-\32\"'<>%%\\^`{|}]"
end

return uri
