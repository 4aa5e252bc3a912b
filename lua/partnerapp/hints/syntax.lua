-- What may have been meant where Lua does not understand a script: habits of other languages, in one line beside Lua's
-- own message.

-- A row: what Lua's message has (`near` the token, `says` a pattern), what the line has (a pattern), and the help. What
-- is absent fits any.
local ROWS = {
	{ near = "!", line = "!=", help = "Lua writes ~= for !=" },
	{ near = "!", help = "Lua writes `not x` for !x" },
	{ near = "&", line = "&&", help = "Lua writes `and` for &&" },
	{ near = "|", line = "||", help = "Lua writes `or` for ||" },
	{ near = "=", line = "===", help = "Lua writes == for ===" },
	{ near = "=", line = "=>", help = "Lua writes function(x) … end for x => …" },
	{ near = ">", line = "=>", help = "Lua writes function(x) … end for x => …" },
	{ near = "+", line = "%+%+", help = "Lua writes i = i + 1 for i++" },
	{ line = "[%w_%]]%s*%+=", help = "Lua writes x = x + 1 for x += 1" },
	{ line = "[%w_%]]%s*%-=", help = "Lua writes x = x - 1 for x -= 1" },
	{ line = "[%w_%]]%s*%.%.=", help = "Lua writes x = x .. y for x ..= y" },
	{ line = "^%s*const%s", help = "Lua writes `local x = …` for `const x`" },
	{ line = "^%s*let%s", help = "Lua writes `local x = …` for `let x`" },
	{ line = "^%s*var%s", help = "Lua writes `local x = …` for `var x`" },
	{ line = "%f[%w]for%s*%(", help = "Lua writes for i = 1, n do … end, and for _, x in ipairs(list) do … end" },
	{ line = "^%s*async%s", help = "Lua has no async: calls wait, and others are served meanwhile" },
	{ line = "%f[%w]await%s", help = "Lua has no await: calls wait, and others are served meanwhile" },
	{ line = "^%s*import%s", help = 'Lua writes local x = require "x" for import' },
	{ line = "^%s*export%s", help = "a module ends with `return` and its table" },
	{ line = "^%s*def%s", help = "Lua writes local function f(x) … end for def" },
	{ line = "^%s*class%s", help = "Lua has no classes: a module returns a table of functions" },
	{ line = "^%s*throw%s", help = "Lua writes error(message) for throw" },
	{ line = "^%s*raise%s", help = "Lua writes error(message) for raise" },
	{ line = "^%s*try%s*[{:]", help = "Lua writes local ok, err = pcall(f) for try" },
	{ line = "^%s*switch%s*%(", help = "Lua has no switch: use if … elseif … end, or a table" },
	{ line = "%f[%w]elif%f[%W]", help = "Lua writes elseif for elif" },
	{ line = "%f[%w]new%s+%u", help = "Lua has no new: call the module's function" },
	{ near = "{", help = "Lua's blocks have no braces: if … then … end, function() … end" },
	{ near = "}", says = "unexpected symbol", help = "Lua's blocks end with `end`, not with }" },
	{ near = "}", says = "'end' expected", help = "Lua's blocks end with `end`, not with }" },
	{ near = "}", says = "<eof>", help = "Lua's blocks end with `end`, not with }" },
	{ near = "?", line = "%?%?", help = "Lua writes a or b for a ?? b" },
	{ near = "?", line = "%?%.", help = "Lua writes a and a.b for a?.b" },
	{ near = "?", help = "Lua writes a and b or c for a ? b : c" },
	{ near = ":", says = "'}' expected", help = 'a table\'s fields are { name = value, ["any text"] = value }' },
	{ near = ":", says = "'then' expected", help = "Lua writes if … then" },
	{ near = ":", says = "'do' expected", help = "Lua writes do for the colon" },
	{ near = ":", says = "'=' expected", help = "Lua has no types: write the name alone" },
	{ says = "<name> expected", line = "[{,]%s*[%a_][%w_]*%s*:", help = "a table's fields are { name = value }" },
	{ says = "function arguments expected", help = "a:b(…) is a call; a field is a.b" },
	{ near = "`", help = "Lua's strings are in quotes or [[ ]], and are joined with `..`" },
	{ line = "{%%%-", help = "a statement of a view is {% … %}" },
	{ says = "'then' expected", line = "{%%%s*if%s", help = "a view writes {% if … then %}" },
	{ says = "'then' expected", line = "{%%%s*elseif%s", help = "a view writes {% elseif … then %}" },
	{ says = "'do' expected", line = "{%%%s*for%s", help = "a view writes {% for _, x in ipairs(list) do %}" },
	{ line = "{%%%s*end%l", help = "a block of a view ends with {% end %}" },
	{ line = "{%%%s*set%s", help = "a view gives a name a value with {% x = … %}" },
	{ near = "/", line = "/%*", help = "Lua's comments begin with --, long ones are --[[ … ]]" },
	{ near = "//", help = "Lua's comments begin with --" },
	{ near = "#", line = "^%s*#", help = "Lua's comments begin with --" },
	{ near = "[", says = "unexpected symbol", help = "a list is { 1, 2 }" },
}

local function line_of(source, number)
	local n = 0
	for line in (source .. "\n"):gmatch "([^\n]*)\n" do
		n = n + 1
		if n == number then
			return line
		end
	end
	return ""
end

-- `else if` opens a second `if`, so that Lua misses an `end`, often at the end of the file.
local function else_if(message, source)
	local from = tonumber(message:match "'end' expected %(to close '%a+' at line (%d+)%)")
	from = from or (message:find "'end' expected" or message:find "unexpected symbol near '%)'") and 1
	local number = 0
	for line in (from and source .. "\n" or ""):gmatch "([^\n]*)\n" do
		number = number + 1
		if line:find "^%s*else%s+if%s" and line:find "then%s*$" then
			return ("line %d has `else if`: Lua writes elseif"):format(number)
		end
	end
end

local function fits(row, near, message, line)
	return (not row.near or row.near == near)
		and (not row.says or message:find(row.says) ~= nil)
		and (not row.line or line:find(row.line) ~= nil)
end

-- What the line before makes wrong: a brace, which begins a table there, or `return` before other statements.
local function line_before(message, source, number)
	local before = number - 1
	while before > 0 and line_of(source, before):find "^%s*$" do
		before = before - 1
	end
	local line = line_of(source, before)
	if line:find "%)%s*{%s*$" then
		return ("line %d: Lua's blocks have no braces: if … then … end, function() … end"):format(before)
	elseif message:find "'end' expected" or message:find "<eof> expected" then
		return line:find "^%s*return%f[%W]"
			and ("the `return` of line %d must be the last statement of its block"):format(before)
	end
end

--- Help for a message of Lua about the syntax of a script: " (Lua writes ~= for !=)".
---@param message string "init.lua:6: 'then' expected near '!'"
---@param source string of the script
---@return string "" when there is none
return function(message, source)
	local number = tonumber(message:match "^[^\n]-:(%d+):")
	local near = message:match "near '(.*)'$"
	local line = number and line_of(source, number) or ""
	local help
	for _, row in ipairs(ROWS) do
		if number and fits(row, near, message, line) then
			help = row.help
			break
		end
	end
	help = help or else_if(message, source) or number and line_before(message, source, number)
	return help and (" (%s)"):format(help) or ""
end
