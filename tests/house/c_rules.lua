-- The rules for src: rooms, floors, circles, doorkeepers, names.
local tree = require "house.tree"

local each = tree.each

-- Each room with the rooms it may include; its own is always allowed.
local ROOMS = {
	base = {},
	server = { "base" },
	client = { "base" },
	store = { "base" },
	traffic = { "base", "store" },
	native = { "base", "server", "client", "store", "traffic" },
	script = { "base", "server", "client", "store", "traffic", "native" },
	run = { "base", "server", "client", "store", "traffic", "native", "script" },
}

-- An include that no floor allows, and why.
local EXCEPTIONS = {
	["src/native/scripts.c"] = {
		["script/snapshot.h"] = "native.scripts reads the snapshot, which is plain memory and knows no Lua",
	},
}

-- A foreign header and the files or rooms that may include it.
local DOORKEEPERS = {
	{ "^civetweb%.h$", "^src/server/" },
	{ "^curl/", "^src/client/" },
	{ "^zlib%.h$", "^src/client/unpack%.c$" },
	{ "^sqlite3%.h$", "^src/store/sqlite" },
	{ "^openssl/", "^src/base/openssl%.h$" },
	{
		"^base/openssl%.h$",
		"^src/base/openssl%.c$",
		"^src/native/crypto%.c$",
		"^src/store/keyring%.c$",
		"^src/traffic/redact%.c$",
	},
	{ "^lua%-cjson%.h$", "^src/native/json%.c$" },
	-- run/command reads the plan out of the table that lua/cli returned.
	{ "^lua%.h$", "^src/script/", "^src/native/", "^src/run/command%.c$" },
	{ "^lauxlib%.h$", "^src/script/", "^src/native/", "^src/run/command%.c$" },
	{ "^lualib%.h$", "^src/script/libs%.c$", "^src/script/string_library%.c$", "^src/script/table_library%.c$" },
}

-- Files of src/native that are no module of their own, and why.
local NATIVE_OWN = {
	native = "what all modules share",
	modules = "the list of modules",
	http_record = "the record of calls out, for http",
	json_memory = "the memory of the library that json uses",
	json_number = "the text of a number, for json_write",
	json_order = "the order of members, for json",
	json_write = "the encoder of json, in a file of its own for its length",
	response = "the other half of request: what a handler returned",
	rows = "parameters and rows of SQL, for db and traffic",
	services = "what the modules of a server share",
	whole_file = "how files and recordings write files",
}

-- What a file may define besides functions that begin with its own name: pa_<file>_.
local PREFIXES = {
	message = { "request", "response" },
	db = { "connection", "statement" },
	call = { "calls" },
	driver = { "http_driver" }, -- of client; store has the drivers of databases
	deadline = { "deadlines" },
	peers = { "peer" },
	request_id = { "request_ids" },
	command = { "plan" },
	json_scan = { "json" },
	vm = { "fault" },
	head = { "date" },
	gate = { "verdict", "body" },
	native = { "native" },
}

local rules = {}

local function includes(text)
	return text:gmatch '#include [<"]([^>"]+)[>"]'
end

--- Every file of src is in a room, but for main.c.
function rules.rooms(from)
	local problems = {}
	for path in each(from, "^src/") do
		local room = path:match "^src/([%w_]+)/[%w_]+%.[ch]$"
		if path ~= "src/main.c" and not (room and ROOMS[room]) then
			problems[#problems + 1] = path .. " is in no room"
		end
	end
	return problems
end

--- A room includes its own files and those of the floors below.
function rules.floors(from)
	local problems = {}
	for path, text in each(from, "^src/.+/.*%.[ch]$") do
		local room = path:match "^src/([%w_]+)/"
		local allowed = " " .. room .. " " .. table.concat(ROOMS[room] or {}, " ") .. " "
		for include in includes(text) do
			local other = include:match "^([%w_]+)/[%w_]+%.h$"
			local exempt = EXCEPTIONS[path] and EXCEPTIONS[path][include]
			if other and ROOMS[other] and not allowed:find(" " .. other .. " ", 1, true) and not exempt then
				problems[#problems + 1] = ("%s includes %s, which is above it"):format(path, include)
			end
		end
	end
	return problems
end

--- No circle of includes, a header and its source counted as one file.
function rules.circles(from)
	local graph = {}
	for path, text in each(from, "^src/.*%.[ch]$") do
		local unit = path:gsub("^src/", ""):gsub("%.[ch]$", "")
		graph[unit] = graph[unit] or {}
		for include in text:gmatch '#include "([^"]+)"' do
			local other = include:gsub("%.h$", "")
			if other ~= unit then
				table.insert(graph[unit], other)
			end
		end
	end
	return { tree.circle(graph) }
end

--- A foreign header is included where its doorkeepers say.
function rules.doorkeepers(from)
	local problems = {}
	for path, text in each(from, "^src/.*%.[ch]$") do
		for include in includes(text) do
			for _, door in ipairs(DOORKEEPERS) do
				local allowed = not include:find(door[1])
				for i = 2, #door do
					allowed = allowed or path:find(door[i]) ~= nil
				end
				if not allowed then
					problems[#problems + 1] = path .. " includes " .. include
				end
			end
		end
	end
	return problems
end

local function has_prefix(name, file)
	local own = { file:match "([%w_]+)$", table.unpack(PREFIXES[file:match "([%w_]+)$"] or {}) }
	for _, prefix in ipairs(own) do
		if name == "pa_" .. prefix or name:find("^pa_" .. prefix .. "_") then
			return true
		end
	end
	return false
end

--- A function that a header of a room declares is named after the header's file, and its source defines it.
function rules.names(from)
	local problems = {}
	for path, text in each(from, "^src/.+/.*%.h$") do
		local file = path:match "^src/(.*)%.h$"
		local source = from.read("src/" .. file .. ".c") or ""
		if path:find "^src/native/" then
			text = text:gsub("pa_native_open_%w+", "") -- each module's own file defines it
		end
		text = text:gsub("/%*.-%*/", ""):gsub("typedef [^;]*;", "")
		for name in text:gmatch "[%s%*](pa_[%w_]+)%(" do
			local plain = file:find "^native/" and name:gsub("^pa_native_", "pa_") or name
			if not has_prefix(plain, file) and not has_prefix(name, file) then
				problems[#problems + 1] = ("%s declares %s, whose prefix is another file's"):format(path, name)
			elseif
				source ~= ""
				and not source:find(name .. "%(")
				and not text:find("inline [^;{]*" .. name .. "%(")
			then
				problems[#problems + 1] = ("%s declares %s, but another file defines it"):format(path, name)
			end
		end
	end
	return problems
end

--- src/native/x.c is `require "native.x"` with the stub lua/types/native/x.lua; each function has its stub, each stub
--- its function.
function rules.natives(from)
	local problems = {}
	for path, text in each(from, "^src/native/.*%.c$") do
		local name = path:match "([%w_]+)%.c$"
		local stub = from.read("lua/types/native/" .. name .. ".lua")
		if not NATIVE_OWN[name] and not stub then
			problems[#problems + 1] = path .. " is no module: it has no stub"
		elseif not NATIVE_OWN[name] then
			local functions = {}
			for method in text:gmatch '{"([%w_]+)", l_[%w_]+}' do
				functions[method] = true
			end
			for method in text:gmatch 'lua_setfield%(L, %-2, "([%w_]+)"%)' do
				functions[method] = functions[method] or "field"
			end
			for method, kind in pairs(functions) do
				if kind == true and not stub:find("function " .. name .. "." .. method .. "(", 1, true) then
					problems[#problems + 1] = ("native.%s.%s has no stub"):format(name, method)
				end
			end
			for method in stub:gmatch("function " .. name .. "%.([%w_]+)%(") do
				if not functions[method] then
					problems[#problems + 1] = ("the stub native.%s.%s has no function"):format(name, method)
				end
			end
		end
	end
	for path in each(from, "^lua/types/native/") do
		local name = path:match "([%w_]+)%.lua$"
		if not from.read("src/native/" .. name .. ".c") then
			problems[#problems + 1] = path .. " is the stub of nothing"
		end
	end
	return problems
end

-- Each rule on a small tree that breaks it.
local broken = {
	rooms = { ["src/util.c"] = "", ["src/kitchen/pot.c"] = "" },
	floors = { ["src/base/log.c"] = '#include "script/vm.h"' },
	circles = { ["src/base/a.h"] = '#include "base/b.h"', ["src/base/b.c"] = '#include "base/a.h"' },
	doorkeepers = { ["src/run/servers.c"] = "#include <curl/curl.h>" },
	names = { ["src/client/call.h"] = "void pa_transfer_run(void);\n" },
	natives = { ["src/native/pots.c"] = "", ["lua/types/native/pans.lua"] = "" },
}

return { rules = rules, broken = broken }
