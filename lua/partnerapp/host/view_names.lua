-- Names in a view that are not there: {% include "prat" %}, {% layout "layuot" %}, {{ asset("stlye.css") }}.
local lua_tokens = require "partnerapp.host.lua_tokens"
local static = require "partnerapp.web.static"
local view = require "partnerapp.web.view"

local view_names = {}

-- Calls asset("x") in the Lua code of a view, as { name, line in the code }.
local function assets(code)
	local list, tokens = {}, lua_tokens.of(code)
	for i, token in ipairs(tokens) do
		local at = tokens[i + 1] and tokens[i + 1].text == "(" and i + 2 or i + 1
		local name = tokens[at]
		local before, after = tokens[i - 1], tokens[at + 1]
		local is_field = before and (before.text == "." or before.text == ":")
		local is_all = at == i + 1 or after and after.text == ")"
		if
			token.kind == "name"
			and token.text == "asset"
			and not is_field
			and name
			and name.kind == "string"
			and is_all
		then
			list[#list + 1] = { name = name.text, line = name.line }
		end
	end
	return list
end

--- Adds what is wrong in one view.
---@param problems string[] lines
---@param file string "views/home.html"
---@param source string
function view_names.add_problems(problems, file, source)
	local function add(line, message)
		problems[#problems + 1] = message and ("%s:%d: %s"):format(file, line, message)
	end
	for _, part in ipairs(view.parts(source)) do
		if part.view then
			add(part.line, view.missing(part.view))
		elseif part.code then
			for _, asset in ipairs(assets(part.code)) do
				add(part.line + asset.line - 1, static.missing(asset.name))
			end
		end
	end
end

return view_names
