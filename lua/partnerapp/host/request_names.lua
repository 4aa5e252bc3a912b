-- Names that a request does not have, in handlers that are written where their route is:
-- app:get("/", function(req) … end).
local free_names = require "partnerapp.host.free_names"
local request = require "partnerapp.web.request"

local request_names = {}

local METHODS = { get = true, post = true, put = true, patch = true, delete = true, before = true, after = true }
local OPENS = { ["function"] = true, ["do"] = true, ["if"] = true, ["repeat"] = true }
local CLOSES = { ["end"] = true, ["until"] = true }

local function is(token, kind, text)
	return token ~= nil and token.kind == kind and (not text or token.text == text)
end

-- The place of `function` in app:get("/path", function(req) or app:before(function(req), when it is at a token.
local function handler_at(tokens, i)
	local method = tokens[i + 2]
	if not is(tokens[i], "name", "app") or not is(tokens[i + 1], "sign", ":") or not is(method, "name") then
		return nil
	elseif not METHODS[method.text] or not is(tokens[i + 3], "sign", "(") then
		return nil
	end
	local at = is(tokens[i + 4], "string") and is(tokens[i + 5], "sign", ",") and i + 6 or i + 4
	return is(tokens[at], "name", "function") and is(tokens[at + 2], "name") and at or nil
end

-- The place of the `end` of the function at a place.
local function end_of(tokens, at)
	local depth = 0
	for i = at, #tokens do
		local word = tokens[i].kind == "name" and tokens[i].text
		depth = depth + (OPENS[word] and 1 or CLOSES[word] and -1 or 0)
		if depth == 0 then
			return i
		end
	end
	return #tokens
end

-- Calls each(token) for the fields that a handler reads of its request: the uses of the variable that no declaration in
-- the handler hides.
local function each_field(tokens, at, each)
	local last = end_of(tokens, at)
	local name = tokens[at + 2].text
	local from = at + 3
	while from < last and not is(tokens[from], "sign", ")") do
		from = from + 1
	end
	local body = table.move(tokens, from + 1, last - 1, 1, {})
	for _, use in ipairs(free_names.of(body)) do
		local sign, field, after = tokens[use.n + 1], tokens[use.n + 2], tokens[use.n + 3]
		local reads = is(sign, "sign", ".") and not is(after, "sign", "=") or is(sign, "sign", ":")
		if use.name == name and reads and is(field, "name") then
			each(field)
		end
	end
end

--- Adds the fields that a script gives to any table: a hook may give them to a request.
---@param given table<string, true>
---@param tokens partnerapp.host.token[]
function request_names.add_given(given, tokens)
	for i, token in ipairs(tokens) do
		if is(token, "name") and is(tokens[i - 1], "sign", ".") and is(tokens[i + 1], "sign", "=") then
			given[token.text] = true
		end
	end
end

--- Adds what is wrong in one script, which compiles, unless the field is given elsewhere.
---@param found {name: string, text: string}[] the fields, and a line for each
---@param file string "init.lua"
---@param tokens partnerapp.host.token[]
function request_names.add(found, file, tokens)
	for i in ipairs(tokens) do
		local at = handler_at(tokens, i)
		if at then
			each_field(tokens, at, function(field)
				local message = request.unknown(field.text)
				local text = message and ("%s:%d: %s"):format(file, field.line, message)
				found[#found + 1] = text and { name = field.text, text = text }
			end)
		end
	end
end

return request_names
