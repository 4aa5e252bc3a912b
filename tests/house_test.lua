-- The rules of the house: who may include and require whom, and that names agree. Run from the top folder with lua5.4.
local cases, failed = 0, 0

local function lines(command)
	local list = {}
	local pipe = assert(io.popen(command))
	for line in pipe:lines() do
		list[#list + 1] = line
	end
	pipe:close()
	return list
end

local function read(path)
	local file <close> = assert(io.open(path))
	return file:read("a")
end

local files = lines "git ls-files --cached --others --exclude-standard"

local function each(pattern)
	local i = 0
	return function()
		repeat
			i = i + 1
		until not files[i] or files[i]:find(pattern)
		return files[i]
	end
end

local function case(name, problems)
	cases = cases + 1
	print((#problems == 0 and "ok %d - %s" or "not ok %d - %s"):format(cases, name))
	for _, problem in ipairs(problems) do
		print("  # " .. problem)
	end
	failed = failed + (#problems > 0 and 1 or 0)
end

-- A foreign header is included by its doorkeeper and nobody else.
local DOORKEEPERS = {
	["civetweb%.h"] = { "src/server.c" },
	["curl/"] = { "src/native/http_curl.h" },
	["http_curl%.h"] = { "src/native/http_lane.c", "src/native/http_transfer.c", "src/native/http_url.c" },
	["sqlite3%.h"] = { "src/native/db_sqlite3.h" },
	["db_sqlite3%.h"] = { "src/native/db_sqlite.c", "src/native/db_statement.c" },
	["openssl/"] = { "src/native/crypto_openssl.h" },
	["crypto_openssl%.h"] = { "src/native/crypto.c", "src/native/keyring.c" },
	["lua%-cjson%.h"] = { "src/native/json.c" },
}
do
	local problems = {}
	for path in each "^src/.*%.[ch]$" do
		for include in read(path):gmatch '#include [<"]([^>"]+)[>"]' do
			for header, keepers in pairs(DOORKEEPERS) do
				if include:find("^" .. header) and not table.concat(keepers, " "):find(path, 1, true) then
					problems[#problems + 1] = path .. " includes " .. include
				end
			end
		end
	end
	case("one foreign header, one doorkeeper", problems)
end

-- lua.h is for what makes, guards or fills a lua_State.
local LUA_FILES = "^src/native/"
local LUA_MORE = { vm = true, libs = true, modules = true, pattern = true, budget = true, command = true }
do
	local problems = {}
	for path in each "^src/.*%.[ch]$" do
		local uses = read(path):find "#include <l[ua][ua]?[^>]*%.h>"
		local name = path:match "^src/([%w_]+)%.[ch]$"
		if uses and not path:find(LUA_FILES) and not (name and LUA_MORE[name]) then
			problems[#problems + 1] = path .. " includes lua.h"
		end
	end
	case("lua.h only around the VM and in native", problems)
end

-- The arrows of the C core: what a file may include of ours, downward.
local BELOW = {
	server = {
		"deadline",
		"error",
		"gate",
		"head",
		"listen",
		"log",
		"message",
		"request_id",
		"server",
		"socket",
		"spoil",
		"stats",
	},
	head = { "head", "message" },
	listen = { "error", "listen" },
	request_id = { "gate", "message", "request_id" },
	socket = { "socket" },
	spoil = { "message", "spoil" },
	gate = { "gate", "message" },
	deadline = { "deadline" },
	message = { "error", "message" },
	admission = { "admission" },
	bell = { "bell" },
	main = { "command", "log", "servers", "services", "task" },
	servers = { "budget", "command", "jobs", "log", "native/http", "pool", "server", "servers", "task" },
	task = { "error", "scripts", "services", "task", "vm" },
	jobs = { "bell", "error", "jobs", "pool", "services" },
	heap = { "heap" },
	pool = { "admission", "bell", "error", "log", "message", "pool", "scripts", "services", "stats", "vm", "watch" },
	log = { "log" },
	stats = { "message", "stats" },
	scripts = { "error", "message", "scripts" },
	watch = { "error", "watch" },
	error = { "error" },
}
do
	local problems = {}
	for name, allowed in pairs(BELOW) do
		local set = {}
		for _, one in ipairs(allowed) do
			set[one .. ".h"] = true
		end
		for _, ending in ipairs(name == "main" and { ".c" } or { ".c", ".h" }) do
			local path = "src/" .. name .. ending
			for include in read(path):gmatch '#include "([^"]+)"' do
				if not set[include] then
					problems[#problems + 1] = path .. " includes " .. include
				end
			end
		end
	end
	case("who may know whom, strictly downward", problems)
end

-- The app and the sandbox are the proof that the public library is enough.
do
	local problems = {}
	for path in each "^lua/.*%.lua$" do
		local text = read(path)
		local outside = path:find "^lua/app/" or path:find "^lua/sandbox/" or path:find "^lua/dashboard/"
		for name in text:gmatch 'require%s*%(?%s*"([^"]+)"' do
			if outside and (name:find "^native%." or name:find "^cli%.") then
				problems[#problems + 1] = path .. " requires " .. name
			elseif path:find "^lua/partnerapp/" and name:find "^cli%." then
				problems[#problems + 1] = path .. " requires " .. name
			end
		end
	end
	case("apps require the public library only", problems)
end

-- src/native/x.c = require "native.x" = lua/types/native/x.lua, and every function has its stub.
do
	local problems = {}
	for name in read("src/native/modules.c"):gmatch '{"(%w+)", pa_native_open_' do
		local source = io.open("src/native/" .. name .. ".c")
		local stub = io.open("lua/types/native/" .. name .. ".lua")
		if not source or not stub then
			problems[#problems + 1] = name .. " lacks its source or its stub"
		else
			local stubs = stub:read "a"
			for method in source:read("a"):gmatch '{"([%w_]+)", l_[%w_]+}' do
				if not stubs:find("function " .. name .. "." .. method, 1, true) then
					problems[#problems + 1] = ("native.%s.%s has no stub"):format(name, method)
				end
			end
		end
	end
	case("every native function has its stub", problems)
end

do
	local problems = {}
	local settings = read "lua/cli/settings.lua"
	local readme, example = read "README.md", read ".env.example"
	for name in settings:gmatch '{ name = "([%u_]+)"' do
		if not readme:find(name, 1, true) then
			problems[#problems + 1] = "README.md does not name " .. name
		end
		if not example:find(name, 1, true) then
			problems[#problems + 1] = ".env.example does not name " .. name
		end
	end
	for name in settings:gmatch '\n%s+name = "([%u_]+)"' do
		if not readme:find(name, 1, true) or not example:find(name, 1, true) then
			problems[#problems + 1] = name .. " is not documented"
		end
	end
	case("every setting is in the README and in .env.example", problems)
end

do
	local problems = {}
	local words = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX" }
	for path in each "^[sltr].*%.%w+$" do
		if path:find "^src/" or path:find "^lua/" or path:find "^tests/" or path:find "^scripts/" then
			local text, count = read(path), 0
			for _ in text:gmatch "\n" do
				count = count + 1
			end
			if count > 560 and path:find "%.[cl]u?a?$" and not path:find "^tests/" and not path:find "/tests/" then
				problems[#problems + 1] = ("%s has %d lines"):format(path, count)
			end
			for _, word in ipairs(words) do
				if text:find("%f[%w]" .. word .. "%f[%W]") then
					problems[#problems + 1] = path .. " says " .. word
				end
			end
		end
	end
	case("no file is too long, none is unfinished by its own words", problems)
end

print(("%d passed, %d failed"):format(cases - failed, failed))
os.exit(failed == 0 and 0 or 1)
