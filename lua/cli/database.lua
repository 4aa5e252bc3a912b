-- Which app the databases in a state folder are of: ./init.lua and ./lua/app share that folder, and the app that comes
-- with partnerapp uses it too. The first app that serves is noted there, so that another does not take its installs by
-- accident. A DATABASE_URL that was set is the person's own choice.
local app = require "cli.app"
local files = require "native.files"
local rules = require "cli.settings.rules"
local state = require "cli.state"
local values = require "cli.settings.values"

local database = {}

local NOTE = "app"
local SHIPPED = "the app that comes with partnerapp"

local OTHERS = "DATABASE_URL: %s/ has the databases of %s, and this command is about %s: name that app, or set "
	.. "DATABASE_URL (in .env, for example) to share one or to have another: sqlite:%s/NAME.db"

-- The app's folder as the note has it: seen from the folder that the state is in, so that both may move together.
local function name_of(location)
	local folder, parent = files.real(location.folder), files.real(location.state:match "^(.*)/[^/]*$" or ".")
	if folder == files.real(files.library() .. "/app") then
		return SHIPPED
	elseif folder == parent then
		return "."
	elseif parent and folder:sub(1, #parent + 1) == parent .. "/" then
		return folder:sub(#parent + 2)
	end
	return folder
end

-- Whether the noted app is there still: one that was moved or removed needs no database.
local function is_there(noted, location)
	local parent = location.state:match "^(.*)/[^/]*$" or "."
	local folder = noted:sub(1, 1) == "/" and noted or parent .. "/" .. noted
	return files.stat(folder .. "/init.lua") ~= nil
end

-- The app that the databases are of, when it is another one. An app of one's own follows on the one that comes with
-- partnerapp, which was tried first.
local function other(location)
	local noted, name = state.noted(location.state, NOTE), name_of(location)
	if noted and noted ~= name and noted ~= SHIPPED and (name == SHIPPED or is_there(noted, location)) then
		return noted, name
	end
end

local function in_words(name)
	return name == SHIPPED and name or name == "." and "./init.lua" or name .. "/init.lua"
end

local NOT_READ = "DATABASE_URL (%s): write sqlite:PATH there; when other programs need that line, set DATABASE_URL in "
	.. "the environment or with --database-url, which count first"

--- Adds a problem when the app's database by default is another app's, or .env names a database that cannot be used:
--- installs must not be kept elsewhere than was meant.
---@param found cli.found
function database.check(found)
	local location = found.location
	if found.not_read.DATABASE_URL then
		found.problems[#found.problems + 1] = NOT_READ:format(location.env)
	end
	database.check_owner(found)
end

--- Adds a problem when the app's database by default is another app's.
---@param found cli.found
function database.check_owner(found)
	local location = found.location
	if found.from.DATABASE_URL ~= "default" then
		return
	end
	local noted, name = other(location)
	if noted then
		local text = OTHERS:format(location.state, in_words(noted), in_words(name), location.state)
		found.problems[#found.problems + 1] = text
	end
end

local BEHIND_LINK = "%s/ keeps the installs, in the folder that the link %s leads to now: when it leads to another "
	.. "release, they stay behind. Set DATABASE_URL to a path outside of the releases"

local function is_link(path)
	local above, name = path:match "^(.-)/*([^/]+)$"
	if not name or name == "." or name == ".." then
		return false
	end
	local folder = files.real(above ~= "" and above or path:sub(1, 1) == "/" and "/" or ".")
	return folder ~= nil and files.real(path) ~= (folder == "/" and "" or folder) .. "/" .. name
end

--- Warns when the app's database by default is in a folder that a link leads to, as a link to the present release does.
---@param found cli.found
function database.check_link(found)
	local state_folder = found.location.state
	local above = state_folder:match "^(.*)/[^/]*$"
	if found.from.DATABASE_URL == "default" and above and is_link(above) then
		found.warnings[#found.warnings + 1] = BEHIND_LINK:format(state_folder, above)
	end
end

--- The settings of a command about what an app has stored, which works beside its servers: of --app, with --demo of its
--- demo.
---@param given cli.given
---@return cli.found? found nil when something is wrong, which is told
---@return string? sandbox_url of the demo
function database.find(given)
	local found = app.find(given.settings, given.flags.app)
	rules.for_server(found)
	local sandbox_url = given.flags.demo and rules.use_last_sandbox(found) or nil
	database.check(found)
	if values.report(found) then
		return nil
	end
	app.tell_person(found)
	return found, sandbox_url
end

--- Notes that the databases are this app's, for a server that is to start. A folder that cannot be written is told by
--- the database itself.
---@param found cli.found without problems
function database.claim(found)
	if found.from.DATABASE_URL == "default" then
		state.note(found.location.state, NOTE, name_of(found.location))
	end
end

return database
