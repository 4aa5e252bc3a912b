-- The folder in the working directory in which servers keep what they make: databases and the secret key.
local files = require "native.files"

local state = {}

state.folder = ".partnerapp"

---@param name string "secret.key"
---@return string path
function state.path(name)
	return state.folder .. "/" .. name
end

--- Makes the folder, for its owner only. Fine when it is there.
---@return true?, string? message, string? code
function state.make()
	return files.make_folder(state.folder)
end

return state
