-- The folder in which servers keep what they make: databases and the secret key.
local files = require "native.files"

local state = {}

--- Its name, in the folder that an app's settings are in.
state.NAME = ".partnerapp"

-- So that `git add -A` never takes a key.
local IGNORE = "# Keys and databases of this machine.\n*\n"

--- Makes the folder, for its owner only. Fine when it is there.
---@param folder string
---@return true?, string? message, string? code
function state.make(folder)
	local made, message, code = files.make_folder(folder)
	if not made then
		return nil, message, code
	end
	made, message, code = files.write(folder .. "/.gitignore", IGNORE, tonumber("600", 8), true)
	if made or code == "exists" then
		return true
	end
	return nil, message, code
end

return state
