-- The rules for what is written: length, unfinished work, settings and promises that the pages list.
local tree = require "house.tree"

local each = tree.each

local rules = {}

local LINES_MAX = 500
local CODE = { c = true, h = true, lua = true, mjs = true }

--- No file of C, Lua or JavaScript is longer than 500 lines.
function rules.length(from)
	local problems = {}
	for path, text in each(from, "^%l+/.*%.%l+$") do
		local _, count = text:gsub("\n", "")
		if count > LINES_MAX and CODE[path:match "%l+$"] then
			problems[#problems + 1] = ("%s has %d lines"):format(path, count)
		end
	end
	return problems
end

--- Nothing is unfinished by its own words.
function rules.finished(from)
	local problems = {}
	local words = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX" }
	for path, text in each(from, "^[sltd]%w+/.*%.%w+$") do
		local is_text = not path:find "%.png$" -- the bytes of a picture may have any of them
		for _, word in ipairs(words) do
			if is_text and text:find("%f[%w]" .. word .. "%f[%W]") then
				problems[#problems + 1] = path .. " says " .. word
			end
		end
	end
	return problems
end

local RIDDLES = { "nobody", "somebody", "whoever" } -- a comment names its subject

--- Comments are in plain words, and require is spelled one way.
function rules.words(from)
	local problems = {}
	for path, text in each(from, "^[slt]%w+/.*%.%w+$") do
		for line in text:gmatch "[^\n]+" do
			local comment = line:match "%-%-(.*)" or line:match "/%*(.*)" or line:match "^%s*%*(.*)" or ""
			for _, word in ipairs(RIDDLES) do
				if comment:lower():find("%f[%a]" .. word .. "%f[%A]") then
					problems[#problems + 1] = ("%s: a comment says %s"):format(path, word)
				end
			end
			if line:find 'require%("[%w_.-]+"%)$' then
				problems[#problems + 1] = ("%s: require without parentheses: %s"):format(path, line)
			end
		end
	end
	return problems
end

--- Every setting is in docs/settings.md and in .env.example.
function rules.settings(from)
	local problems = {}
	local settings = from.read "lua/cli/settings.lua" or ""
	for name in settings:gmatch 'name = "([%u_]+)"' do
		for _, page in ipairs { "docs/settings.md", ".env.example" } do
			if not (from.read(page) or ""):find("%f[%u_]" .. name .. "%f[^%u_]") then
				problems[#problems + 1] = page .. " does not name " .. name
			end
		end
	end
	return problems
end

-- The ids of promises that a text names: "OA-07", also as "OA_07" in a C function and "SBX_11_12" for two.
local function ids_of(text)
	local found = {}
	for prefix, rest in text:gmatch "%f[%w](%u%u%u?)[-_](%d%d[%d_]*)" do
		for number in rest:gmatch "%f[%d](%d%d)%f[%D]" do
			found[prefix .. "-" .. number] = true
		end
	end
	return found
end

local function promises_of(from)
	local rows, families = {}, {}
	for line in (from.read "docs/promises.md" or ""):gmatch "[^\n]+" do
		local id = line:match "^| (%u+%-%d%d) |"
		if id then
			rows[id] = line
			families[id:match "^%u+"] = true
		end
	end
	return rows, families
end

--- Every promise that code or a test names has its row in docs/promises.md.
function rules.promises_have_rows(from)
	local rows, families = promises_of(from)
	local problems = {}
	for path, text in each(from, "^[stl]%w+/.*%.%w+$") do
		for id in pairs(ids_of(text)) do
			if families[id:match "^%u+"] and not rows[id] then
				problems[#problems + 1] = ("%s names %s, which has no row"):format(path, id)
			end
		end
	end
	return problems
end

--- Every promise that is kept is named by a test.
function rules.promises_have_tests(from)
	local rows = promises_of(from)
	local tested, problems = {}, {}
	for path, text in each(from, "^[tl]%w+/.*%.%w+$") do
		if path:find "^tests/" or path:find "/tests/" then
			for id in pairs(ids_of(text)) do
				tested[id] = true
			end
		end
	end
	for id, row in pairs(rows) do
		if not tested[id] and not row:find("**not kept yet**", 1, true) then
			problems[#problems + 1] = id .. " is kept, but no test names it"
		end
	end
	table.sort(problems)
	return problems
end

-- The test file that "unit/gate" or "lua/routing" in the last column of docs/promises.md means; nil when there is none.
local TESTS = {
	unit = "^tests/unit/%s_test%%.c$",
	http = "^tests/http/%s%%.test%%.mjs$",
	browser = "^tests/browser/%s%%.test%%.mjs$",
	lua = "^lua/partnerapp/.*tests/%s_test%%.lua$",
	app = "^lua/app/tests/%s_test%%.lua$",
	sandbox = "^lua/sandbox/tests/%s_test%%.lua$",
	cli = "^lua/cli/tests/%s_test%%.lua$",
	fuzz = "^tests/fuzz/targets/%s%%.%%l+$",
	soak = "^tests/soak/%s%%.test%%.mjs$",
}

--- Every test that docs/promises.md names as a proof exists, and names the promise.
function rules.promises_name_tests(from)
	local problems = {}
	for id, row in pairs((promises_of(from))) do
		for kind, name in row:match("| ([^|]*) |$"):gmatch "%f[%w](%l+)/([%w_]+)" do
			local pattern = TESTS[kind]
			local carries = not pattern
			for _, text in each(from, pattern and pattern:format(name) or "^$") do
				carries = carries or ids_of(text)[id]
			end
			if not carries then
				problems[#problems + 1] = ("%s names %s/%s, which is no test of that id"):format(id, kind, name)
			end
		end
	end
	table.sort(problems)
	return problems
end

-- How an app writes the methods of a class of the library.
local OBJECTS = { App = "app:", Install = "install:", store = "app.installs:", Client = "client:", methods = "req:" }

-- The public names that a file of the library defines, as an app writes them.
local function public_names(path, text)
	local names = {}
	local module = path:match "([%w_]+)%.lua$"
	local own = module == "init" and "partnerapp" or module
	local flat = path:match "^lua/partnerapp/[%w_]+%.lua$"
	for name in text:gmatch("\nfunction " .. own .. "%.([%w_.]+)%(") do
		names[#names + 1] = flat and own .. "." .. name
	end
	for name in text:gmatch("\n" .. own .. "%.([%w_]+) = ") do
		names[#names + 1] = flat and own .. "." .. name
	end
	for object, name in text:gmatch "\n%s*function (%w+):([%w_]+)%(" do
		local prefix = OBJECTS[object]
		if object == "Client" and path:find "/segment/" then
			prefix = "" -- the page lists the operations of the Config API by their names alone
		end
		names[#names + 1] = prefix and prefix .. name
	end
	return names
end

--- Every public function of the library is in docs/scripts.md.
function rules.scripts_page(from)
	local page, problems = from.read "docs/scripts.md" or "", {}
	for path, text in each(from, "^lua/partnerapp/.*%.lua$") do
		for _, name in ipairs(path:find "/tests/" and {} or public_names(path, text)) do
			local plain = name:gsub("%p", "%%%0")
			if not page:find("%f[%w_]" .. plain .. "%f[^%w_]") then
				problems[#problems + 1] = ("docs/scripts.md lacks %s (%s)"):format(name, path)
			end
		end
	end
	return problems
end

-- Each rule on a small tree that breaks it.
local broken = {
	words = { ["src/main.c"] = "/* Who" .. "ever asks */", ["lua/app/init.lua"] = 'local x = require("x")' },
	scripts_page = {
		["lua/partnerapp/pots.lua"] = "local pots = {}\n\nfunction pots.boil() end\n",
		["docs/scripts.md"] = "`pots.boiling()`",
	},
	promises_name_tests = {
		["docs/promises.md"] = "| HT-01 | x | y | unit/gate |",
		["tests/unit/gate_test.c"] = "HT_" .. "02",
	},
	promises_have_rows = {
		["docs/promises.md"] = "| HT-01 | x | y | z |",
		["src/server/gate.c"] = "/* HT-" .. "99 */",
	},
	promises_have_tests = { ["docs/promises.md"] = "| HT-01 | x | y | z |", ["tests/unit/a_test.c"] = "HT_" .. "011" },
	length = { ["lua/partnerapp/tests/long_test.lua"] = ("\n"):rep(501) },
	finished = { ["src/main.c"] = "/* TO" .. "DO */" },
	settings = {
		["lua/cli/settings.lua"] = '{ name = "COLOUR" }',
		["docs/settings.md"] = "COLOURS",
		[".env.example"] = "",
	},
}

return { rules = rules, broken = broken }
