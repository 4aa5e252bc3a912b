-- The sentences about what is wrong with a payload. They are Segment's: its users see them.
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"

local complaint = {}

local ARTICLES = { a = "an", e = "an", i = "an", o = "an", u = "an" }

local function with_article(words)
	return (ARTICLES[words:sub(1, 1)] or "a") .. " " .. words
end

-- "a", "a or b", "a, b, or c"
local function either(words)
	if #words < 3 then
		return table.concat(words, " or ")
	end
	return ("%s, or %s"):format(table.concat(words, ", ", 1, #words - 1), words[#words])
end

-- The first UTF-16 unit in upper case: half of a character above U+FFFF has none.
local function capitalized(sentence)
	local first = sentence:match(utf8.charpattern) or ""
	if #first > 3 then
		return sentence
	end
	return javascript.upper(first) .. sentence:sub(#first + 1)
end

local function print_json(value)
	if type(value) == "number" then
		return javascript.print_number(value)
	end
	return assert(json.encode(value))
end

local function type_name(value)
	local kind = javascript.type_of(value)
	return (kind == "null" or kind == "undefined") and kind or with_article(kind)
end

local function characters(count)
	return javascript.print_number(count) .. (count == 1 and " character" or " characters")
end

--- The whole sentence: it begins with the label of the field, else with its place.
---@param schema table of the value
---@param path string JSON Pointer of the value
---@param text string "must be …"
---@return string
function complaint.sentence(schema, path, text)
	local title = schema.title
	if not title or title == "" then
		title = path == "" and "the root value" or "the value at " .. path
	end
	return capitalized(title .. " " .. text) .. "."
end

function complaint.type(types, value)
	return ("must be %s but it was %s"):format(with_article(either(types)), type_name(value))
end

function complaint.enum(values)
	local list = {}
	for i, value in ipairs(values) do
		list[i] = print_json(value)
	end
	return "must be one of: " .. (#list == 0 and "nothing" or either(list))
end

--- The limit counts characters, the length that is told is in UTF-16 units: that is Segment's.
---@param limit number
---@param word "more"|"fewer"
---@param value string
---@return string
function complaint.length(limit, word, value)
	local got = characters(javascript.length(value))
	return ("must be %s or %s but it was %s"):format(characters(limit), word, got)
end

---@param limit number
---@param word "greater"|"less"
---@return string
function complaint.limit(limit, word)
	return ("must be equal to or %s than %s"):format(word, javascript.print_number(limit))
end

local FORMATS = {
	["date-time"] = "date and time",
	email = "email address",
	ipv4 = "IPv4 address",
	ipv6 = "IPv6 address",
	uri = "URI",
	["uri-reference"] = "URI Reference",
	["uri-template"] = "URI-template",
	regex = "regular expression",
}

function complaint.format(name)
	return ("must be a valid %s string but it was not"):format(FORMATS[name] or name)
end

function complaint.required(name)
	return ("is missing the required field '%s'"):format(name)
end

return complaint
