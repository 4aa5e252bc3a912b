-- partnerapp new app: an app in a folder of its own, which git and an editor with the Lua language server understand.
local files = require "native.files"
local first_tests = require "cli.new.first_tests"
local json = require "partnerapp.json"
local task = require "cli.task"

local command = {
	summary = "Make an app in a folder: routes, an install flow, a destination, tests that pass",
	usage = "FOLDER",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp new app my-app
partnerapp new app .]],
}

local SLUG, ACTION = "google-analytics", "event" -- of the template's destination

local GITIGNORE = [[
# Keys, and what the app saves on this machine.
.env
.partnerapp/
]]

local ENV_EXAMPLE = [[
# Copy to .env and chmod 600. `partnerapp config` shows every setting, and the values in use.

# The app's OAuth client at Segment. `partnerapp demo` needs none.
CLIENT_ID=
CLIENT_SECRET=

# Where browsers reach the app; a loopback host means development.
#PUBLIC_URL=http://localhost:8888

# This app's own: its destination's settings.
#TRACKING_ID=UA-970334309-1
#GOOGLE_ANALYTICS_TRACKING_ID=UA-970334309-1
]]

-- The settings of the Lua language server: where the library's annotations are.
local function luarc()
	local library = files.library()
	return json.encode({
		["runtime.version"] = "Lua 5.4",
		["runtime.path"] = json.array { "?.lua", "?/init.lua" },
		["workspace.library"] = json.array { library .. "/types", library .. "/partnerapp" },
	}, { javascript = true }) .. "\n"
end

-- The files of a folder and those below, as paths in it: path → text.
local function read_all(folder, below, into)
	for _, name in ipairs(assert(files.list(folder .. below))) do
		local path = below .. "/" .. name
		if files.stat(folder .. path).kind == "folder" then
			read_all(folder, path, into)
		else
			into[path] = assert(files.read(folder .. path))
		end
	end
	return into
end

-- The new app's files: path → text.
local function contents()
	local all = read_all(files.library() .. "/template", "", {})
	all["/.gitignore"], all["/.env.example"], all["/.luarc.json"] = GITIGNORE, ENV_EXAMPLE, luarc()
	return all
end

local function sorted(all)
	local paths = {}
	for path in pairs(all) do
		paths[#paths + 1] = path
	end
	table.sort(paths)
	return paths
end

-- A text with the lines of another that it does not have at its end.
local function with_lines(text, lines)
	local has, missing = {}, {}
	for line in text:gmatch "[^\r\n]+" do
		has[line:match "^%s*(.-)%s*$"] = true
	end
	for line in lines:gmatch "[^\n]+" do
		missing[#missing + 1] = not has[line] and not line:find "^#" and line .. "\n" or nil
	end
	local ends = text == "" or text:sub(-1) == "\n"
	return #missing > 0 and text .. (ends and "" or "\n") .. table.concat(missing) or text
end

-- What a repository has before there is an app in it: path → the text to write, nil to leave the file as it is.
local MERGED = {
	["/README.md"] = function() end,
	["/.gitignore"] = with_lines,
}

-- Takes the files that are left as they are out of `all`, and merges those that are added to. The latter, or nil and a
-- message when another is there already.
local function merge(folder, all)
	local merged = {}
	for _, path in ipairs(sorted(all)) do
		local there = files.stat(folder .. path) and files.read(folder .. path)
		if there and MERGED[path] then
			all[path] = MERGED[path](there, all[path])
			merged[path] = all[path] ~= nil
		elseif files.stat(folder .. path) then
			return nil, folder .. path .. " is there already: nothing was written"
		end
	end
	return merged
end

-- Writes the files, none when one of them is there already. The written paths, or nil and a message.
local function write_all(folder, all)
	local merged, message = merge(folder, all)
	if not merged then
		return nil, message
	end
	local paths = sorted(all)
	for _, path in ipairs(paths) do
		local made, written
		made, message = files.make_folder((folder .. path):match "^(.*)/")
		if made then
			written, message = files.write(folder .. path, all[path], 420, not merged[path])
		end
		if not written then
			return nil, message
		end
	end
	return paths
end

function command.plan(given)
	local folder = given[1] and given[1]:gsub("(.)/+$", "%1")
	if not folder or folder == "" then
		files.err "partnerapp: new app: which folder? partnerapp new app my-app\n"
		return { exit_code = 2 }
	end
	local paths, message = write_all(folder, contents())
	if not paths then
		files.err("partnerapp: new app: " .. message .. "\n")
		return { exit_code = 1 }
	end
	for _, path in ipairs(paths) do
		files.out(folder .. path .. "\n")
	end
	local plan = task.plan("new.app", given, folder)
	plan.arguments = { folder }
	return plan
end

function command.run(arguments)
	local folder = arguments[1]
	first_tests.record(folder, SLUG, ACTION)
	local word = folder:find "^[%w_./~-]+$" and folder or "'" .. folder:gsub("'", "'\\''") .. "'"
	local go = folder == "." and "" or ("cd %s && "):format(word)
	files.out(("Next: %spartnerapp demo; then partnerapp try --watch\n"):format(go))
	return 0
end

return command
