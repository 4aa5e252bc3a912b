-- The folder in which servers keep what they make: databases, the secret key, and notes for later commands.
local files = require "native.files"

local state = {}

--- Its name, in the folder that an app's settings are in.
state.NAME = ".partnerapp"

local OWNER_ONLY = tonumber("600", 8)

-- So that `git add -A` never takes a key.
local IGNORE = "# Keys and databases of this machine.\n*\n"

local CANNOT = "%s: keys and databases are kept there: make it a folder that this user can write in, or stand in "
	.. "another, or set DATABASE_URL=sqlite:FOLDER/app.db, of a folder that can be written (a container's volume), "
	.. "and SECRET_KEY (openssl rand -hex 32)"

--- Makes the folder, for its owner only. Fine when it is there.
---@param folder string
---@return true?, string? message, string? code
function state.make(folder)
	local made, message, code = files.make_folder(folder)
	if not made then
		return nil, CANNOT:format(message), code
	end
	made, message, code = files.write(folder .. "/.gitignore", IGNORE, OWNER_ONLY, true)
	if made or code == "exists" then
		return true
	end
	return nil, CANNOT:format(message), code
end

-- The notes, each in a file of its name.

--- A note; nil when there is none.
---@param folder string
---@param name "app"|"sandbox" the folder of the app whose databases are here; the URL of the last demo's sandbox
---@return string? text
function state.noted(folder, name)
	local bytes = files.read(folder .. "/" .. name)
	return bytes and bytes:match "^%s*(.-)%s*$"
end

--- Makes a note, over the one before. Makes the folder too.
---@param folder string
---@param name "app"|"sandbox"
---@param text string one line
---@return true?, string? message, string? code
function state.note(folder, name, text)
	if state.noted(folder, name) == text then
		return true
	end
	local made, message, code = state.make(folder)
	if made then
		made, message, code = files.write(folder .. "/" .. name, text .. "\n", OWNER_ONLY)
	end
	if not made then
		return nil, message, code
	end
	return true
end

return state
