-- A value as text for people: what `print` and the log show of a table, and what a failed check got. Names are
-- sorted, a table inside of itself is marked, and the text is bounded.

local DEPTH_MOST = 8
local VALUES_MOST = 500 -- in all tables together
local STRING_MOST = 400 -- bytes
local WIDTH = 100 -- a table that is wider has a line for each field

local function quoted(text)
	local cut = #text > STRING_MOST
	if cut then
		text = text:sub(1, STRING_MOST):gsub("[\xc0-\xff][\x80-\xbf]*$", "") -- not in the middle of a character
	end
	text = text:gsub('[%c"\\]', function(byte)
		local known = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }
		return known[byte] or ("\\%03d"):format(byte:byte())
	end)
	return '"' .. text .. (cut and '"…' or '"')
end

local function before(a, b)
	if type(a) == "number" and type(b) == "number" then
		return a < b
	elseif type(a) ~= type(b) then
		return type(a) == "number" or type(b) ~= "number" and type(a) < type(b)
	end
	return tostring(a) < tostring(b)
end

-- What stands before a value: nothing in a list, else its name.
local function label(key, place)
	if key == place then
		return ""
	elseif type(key) == "string" then
		return (key:find "^[%a_][%w_]*$" and key or ("[%s]"):format(quoted(key))) .. " = "
	end
	return ("[%s] = "):format(tostring(key))
end

local function has_own_text(value)
	local meta = getmetatable(value)
	return type(meta) == "table" and rawget(meta, "__tostring") ~= nil
end

local render

-- The fields of a table, as texts without a line break unless they are tables that are too wide.
local function fields_of(value, state, indent)
	local keys, parts = {}, {}
	for key in pairs(value) do
		keys[#keys + 1] = key
		if #keys > VALUES_MOST then
			break
		end
	end
	table.sort(keys, before)
	for place, key in ipairs(keys) do
		if state.left <= 0 then
			parts[place] = "…"
			break
		end
		parts[place] = label(key, place) .. render(value[key], state, indent .. "  ")
	end
	return parts
end

function render(value, state, indent)
	state.left = state.left - 1
	if type(value) == "string" then
		return quoted(value)
	elseif type(value) ~= "table" or has_own_text(value) then
		return tostring(value)
	elseif state.inside[value] then
		return "(this table again)"
	elseif state.depth == DEPTH_MOST then
		return "{ … }"
	end
	state.inside[value], state.depth = true, state.depth + 1
	local parts = fields_of(value, state, indent)
	state.inside[value], state.depth = nil, state.depth - 1
	if #parts == 0 then
		return "{}"
	end
	local line = ("{ %s }"):format(table.concat(parts, ", "))
	if #indent + #line <= state.width and not line:find("\n", 1, true) then
		return line
	end
	local inner = "\n" .. indent .. "  "
	return ("{%s%s\n%s}"):format(inner, table.concat(parts, "," .. inner), indent)
end

--- A value as text: `{ id = 7, tags = { "a", "b" } }`. A string has quotes, a wide table a line for each field.
---@param value any
---@param width number? in bytes; math.huge: one line, however long; 100 unless given
---@return string
return function(value, width)
	return render(value, { left = VALUES_MOST, depth = 0, inside = {}, width = width or WIDTH }, "")
end
