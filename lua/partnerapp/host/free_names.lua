-- The variables that a script reads or sets: those that it does not declare, which are therefore global, and those of
-- some declarations. Found by following the scopes of Lua's grammar through its tokens.
local free_names = {}

---@class partnerapp.host.free_name
---@field name string
---@field line integer
---@field n integer the place of its token
---@field is_set boolean whether the script gives a value to the variable there
---@field declared integer? the place of the token that declares it

local function set(words)
	local list = {}
	for word in words:gmatch "%S+" do
		list[word] = true
	end
	return list
end

local UNARY = set "not - # ~"
local BINARY = set "and or + - * / // % ^ .. == ~= <= >= < > & | ~ << >>"
local CONSTANTS = set "nil true false ..."
local BLOCK_ENDS = set "end else elseif until"

-- Reading: { tokens, at = the next token, scope = names that are declared here, each with the place of the token that
-- declares it, wanted = places of declarations, or nil for undeclared names, found = free_name[] }

local statement, expression, block

-- The text of the next token when that is a sign or a word; "" before a string or a number and at the end.
local function next_text(reading)
	local token = reading.tokens[reading.at]
	return token and (token.kind == "sign" or token.kind == "name") and token.text or ""
end

local function take(reading)
	local token = reading.tokens[reading.at] or { kind = "sign", text = "", line = 0, n = 0 }
	reading.at = reading.at + 1
	return token
end

-- Takes the next token when that is this sign or word.
local function accept(reading, text)
	if next_text(reading) == text then
		return take(reading)
	end
end

local function open_scope(reading)
	local outer = reading.scope
	reading.scope = setmetatable({}, { __index = outer })
	return outer
end

local function use(reading, token, is_set)
	local scope, wanted = reading.scope, reading.wanted
	local declared = scope[token.text]
	local is_undeclared = not declared and not scope._ENV and token.text ~= "_ENV"
	if wanted and wanted[declared] or not wanted and is_undeclared then
		local found = { name = token.text, line = token.line, n = token.n, is_set = is_set, declared = declared }
		table.insert(reading.found, found)
	end
end

local function declare(reading, token)
	reading.scope[token.text] = token.n
end

local function expressions(reading)
	repeat
		expression(reading)
	until not accept(reading, ",")
end

-- A block up to its `end`, whose scope has the names of these tokens.
local function scoped_block(reading, names)
	local outer = open_scope(reading)
	for _, name in ipairs(names or {}) do
		declare(reading, name)
	end
	block(reading)
	reading.scope = outer
end

-- Parameters and block of a function.
local function body(reading, names)
	take(reading) -- (
	while next_text(reading) ~= ")" and reading.tokens[reading.at] do
		local token = take(reading)
		if token.kind == "name" then
			names[#names + 1] = token
		end
	end
	take(reading) -- )
	scoped_block(reading, names)
	accept(reading, "end")
end

local function fields(reading)
	take(reading) -- {
	while reading.tokens[reading.at] and not accept(reading, "}") do
		local after = reading.tokens[reading.at + 1]
		if accept(reading, "[") then
			expression(reading)
			accept(reading, "]")
			accept(reading, "=")
		elseif reading.tokens[reading.at].kind == "name" and after and after.kind == "sign" and after.text == "=" then
			reading.at = reading.at + 2
		end
		expression(reading)
		if not accept(reading, ",") then
			accept(reading, ";")
		end
	end
end

-- The arguments of a call, when the next token begins some.
local function arguments(reading)
	local token = reading.tokens[reading.at]
	if token and token.kind == "string" then
		take(reading)
	elseif next_text(reading) == "{" then
		fields(reading)
	elseif accept(reading, "(") then
		if next_text(reading) ~= ")" then
			expressions(reading)
		end
		accept(reading, ")")
	else
		return false
	end
	return true
end

-- A variable, field or call. The token of a variable alone, which the caller has to `use`.
local function suffixed(reading)
	local first = take(reading)
	if first.text == "(" and first.kind == "sign" then
		expression(reading)
		accept(reading, ")")
		first = nil
	end
	while true do
		local start = reading.at
		if accept(reading, ".") then
			take(reading)
		elseif accept(reading, "[") then
			expression(reading)
			accept(reading, "]")
		elseif accept(reading, ":") then
			take(reading)
			arguments(reading)
		elseif not arguments(reading) then
			return first
		end
		if first and reading.at > start then
			use(reading, first, false)
			first = nil
		end
	end
end

local function operand(reading)
	local token, text = reading.tokens[reading.at], next_text(reading)
	if token and (token.kind == "string" or token.kind == "number") or CONSTANTS[text] then
		take(reading)
	elseif accept(reading, "function") then
		body(reading, {})
	elseif text == "{" then
		fields(reading)
	else
		local alone = suffixed(reading)
		if alone then
			use(reading, alone, false)
		end
	end
end

function expression(reading)
	repeat
		while UNARY[next_text(reading)] do
			take(reading)
		end
		operand(reading)
		local goes_on = BINARY[next_text(reading)]
		if goes_on then
			take(reading)
		end
	until not goes_on
end

-- `local x <const>, y = …`: the names count after the statement.
local function declaration(reading)
	local names = {}
	repeat
		names[#names + 1] = take(reading)
		if accept(reading, "<") then
			take(reading)
			accept(reading, ">")
		end
	until not accept(reading, ",")
	if accept(reading, "=") then
		expressions(reading)
	end
	for _, name in ipairs(names) do
		declare(reading, name)
	end
end

-- `function a.b:c() … end`
local function function_statement(reading)
	local first, names, is_field = take(reading), {}, false
	while next_text(reading) == "." or next_text(reading) == ":" do
		is_field = true
		local sign = take(reading)
		if sign.text == ":" then
			names[1] = { text = "self", n = sign.n }
		end
		take(reading)
	end
	use(reading, first, not is_field)
	body(reading, names)
end

local function assignment_or_call(reading)
	local targets = {}
	repeat
		targets[#targets + 1] = suffixed(reading) or false
	until not accept(reading, ",")
	local sets = accept(reading, "=") ~= nil
	for _, target in ipairs(targets) do
		if target then
			use(reading, target, sets)
		end
	end
	if sets then
		expressions(reading)
	end
end

local statements = {}

statements["local"] = function(reading)
	if not accept(reading, "function") then
		return declaration(reading)
	end
	declare(reading, take(reading))
	body(reading, {})
end

statements["function"] = function_statement

statements["do"] = function(reading)
	scoped_block(reading)
	accept(reading, "end")
end

statements["while"] = function(reading)
	expression(reading)
	accept(reading, "do")
	scoped_block(reading)
	accept(reading, "end")
end

-- The condition sees the block's variables.
statements["repeat"] = function(reading)
	local outer = open_scope(reading)
	block(reading)
	accept(reading, "until")
	expression(reading)
	reading.scope = outer
end

statements["if"] = function(reading)
	repeat
		expression(reading)
		accept(reading, "then")
		scoped_block(reading)
	until not accept(reading, "elseif")
	if accept(reading, "else") then
		scoped_block(reading)
	end
	accept(reading, "end")
end

statements["for"] = function(reading)
	local names = {}
	repeat
		names[#names + 1] = take(reading)
	until not accept(reading, ",")
	take(reading) -- = or in
	expressions(reading)
	accept(reading, "do")
	scoped_block(reading, names)
	accept(reading, "end")
end

statements["return"] = function(reading)
	local text = next_text(reading)
	if reading.tokens[reading.at] and text ~= ";" and not BLOCK_ENDS[text] then
		expressions(reading)
	end
end

statements["goto"] = take -- the label
statements["break"] = function() end
statements[";"] = function() end

statements["::"] = function(reading)
	take(reading)
	accept(reading, "::")
end

function statement(reading)
	local known = statements[next_text(reading)]
	if known then
		take(reading)
		return known(reading)
	end
	assignment_or_call(reading)
end

function block(reading)
	while reading.tokens[reading.at] and not BLOCK_ENDS[next_text(reading)] do
		statement(reading)
	end
end

local function read(tokens, wanted)
	local reading = { tokens = tokens, at = 1, scope = {}, wanted = wanted, found = {} }
	block(reading)
	return reading.found
end

--- The uses of global variables in a script that compiles. Below a `_ENV` of the script's own, variables are fields of
--- that table, and are left out.
---@param tokens partnerapp.host.token[] see lua_tokens.of
---@return partnerapp.host.free_name[]
function free_names.of(tokens)
	return read(tokens, nil)
end

--- The uses of some local variables in a script that compiles.
---@param tokens partnerapp.host.token[]
---@param declarations table<integer, any> by the place of the token that declares the variable
---@return partnerapp.host.free_name[]
function free_names.of_locals(tokens, declarations)
	return read(tokens, declarations)
end

return free_names
