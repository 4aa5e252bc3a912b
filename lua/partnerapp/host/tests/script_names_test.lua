-- Which names in a script are told, and which are left alone.
local lua_tokens = require "partnerapp.host.lua_tokens"
local script_names = require "partnerapp.host.script_names"
local testing = require "partnerapp.testing"

local HEAD = 'local reply = require "partnerapp.reply"\nlocal http = require("partnerapp.http")\n'

local function problems_of(source)
	local problems = {}
	script_names.add_problems(problems, "init.lua", lua_tokens.of(HEAD .. source), { ACME_KEY = "x" })
	return problems
end

testing.case("a name that a module of the library does not have is told with its line and what was meant", function(t)
	local problems = problems_of 'local function f()\n\treturn reply.jsn {}\nend\nhttp.gett "x"'
	t.equal(#problems, 2)
	t.contains(problems[1], "init.lua:4: partnerapp.reply has no 'jsn': did you mean 'json'?")
	t.contains(problems[2], "init.lua:6: partnerapp.http has no 'gett': did you mean 'get'?")
end)

testing.case("a module is followed by the scope of its variable, whatever else has its name", function(t)
	for source, wanted in pairs {
		["do local x = require 'partnerapp.json' x.parse() end local x = require 'partnerapp.db' x.run()"] = "3 parse, 3 run",
		["local function a(http) http.gett() end\nhttp.gett()"] = "4 gett",
		["do local reply = {} reply.jsn() end\nreply.jsn()"] = "4 jsn",
		['local a, b = require "partnerapp.json", require("partnerapp.db") a.parse() b.qery()'] = "3 parse, 3 qery",
		['local a <const>, b = require "partnerapp.json" b = a.parse()'] = "3 parse",
		['print(require("partnerapp.json").parse, require "partnerapp.json".loads)'] = "3 parse, 3 loads",
		['local json = require "partnerapp.json" json = {} json.parse()'] = "",
		['local json = {} or require "partnerapp.json" json.parse()'] = "",
		['local json = require "partnerapp.json" or {} json.parse()'] = "",
		['local json = require("partnerapp.json").array json.parse()'] = "",
		['local json = x.require "partnerapp.json" json.parse()'] = "",
		['local json = 1, require "partnerapp.json" json.parse()'] = "",
	} do
		local told = {}
		for i, problem in ipairs(problems_of(source)) do
			told[i] = problem:gsub("^init%.lua:(%d+): .- has no '(.-)'.*", "%1 %2")
		end
		t.equal(table.concat(told, ", "), wanted, source)
	end
end)

testing.case("a view that is not there is told", function(t)
	for _, call in ipairs { 'reply.view("hom")', 'reply.view "hom"', 'reply.view("hom", { a = 1 })' } do
		t.contains(problems_of("local x = " .. call)[1] or "", "init.lua:3: there is no view 'hom'")
	end
	t.same(problems_of 'local x = reply.view("partnerapp/fault")', {})
	t.same(problems_of 'local name = "x" local y = reply.view(name) local z = reply.view("x" .. name)', {})
end)

testing.case("a module of the app that is not there, and a private one of the library, are told", function(t)
	t.contains(
		problems_of 'print(require("pagse"))'[1] or "",
		"init.lua:3: module 'pagse' not found: there is no pagse.lua"
	)
	t.lacks(problems_of 'print(require("pagse"))'[1], "did you mean")
	t.contains(problems_of 'print(require("jsno"))'[1] or "", "did you mean 'partnerapp.json'?")
	t.contains(problems_of "print(require 'partnerapp.web.view')"[1] or "", "is private to the library")
	t.same(problems_of 'print(require "caller", pcall(require, "pagse"), require("pa" .. "gse"))', {})
end)

testing.case("a setting that the app does not have is told", function(t)
	t.contains(
		problems_of "print(app.env.ACME_KYE)"[1] or "",
		"init.lua:3: app.env has no 'ACME_KYE': did you mean 'ACME_KEY'?"
	)
	t.same(problems_of "print(app.env.ACME_KEY, other.app.env.X) app.env.NEW = 1", {})
end)

testing.case("what may be something else is left alone", function(t)
	for _, source in ipairs {
		"local x = reply.json {} -- reply.jsn",
		"--[[ reply.jsn ]] --[==[ reply.jsn ]==]",
		"local x = \"reply.jsn\" .. [[reply.jsn]] .. [=[ reply.jsn ]=] .. 'it\\'s reply.jsn'",
		"local x = {} x.reply.jsn()",
		"local function f(reply) return reply.jsn end",
		"local function f() local reply = {} return reply.jsn end",
		"for _, reply in ipairs {} do print(reply.jsn) end",
		"local x = reply['jsn']",
	} do
		t.same(problems_of(source), {}, source)
	end
end)

testing.case("tokens have their lines; comments and long strings count theirs", function(t)
	local tokens = lua_tokens.of "a\n--[[\n\n]] b [[\n]] c 0x1p4 'd\\\ne' f"
	local shown = {}
	for i, token in ipairs(tokens) do
		shown[i] = ("%s %s %d"):format(token.kind, token.text, token.line)
	end
	t.same(
		shown,
		{ "name a 1", "name b 4", "string \n 4", "name c 5", "number 0x1p4 5", "string d\\\ne 5", "name f 6" }
	)
end)
