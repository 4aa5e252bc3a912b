-- The settings that an app requires (partnerapp.required). Not a command: C runs it before a server serves an app that
-- may require some, so that all that are missing are told and the start ends with exit code 2.
local files = require "native.files"

local required = {}

--- The argument of a task that ends with exit code 2 in any case, for other settings are missing.
required.REFUSED = "refused"

local WORD = ".required" -- partnerapp.required, whatever the module is called; not `required = true` of a field
local FILES_MAX = 500 -- scripts that are looked at; an app with more is loaded to find out

-- Whether a script in a folder, or below, has a word. `left` counts the scripts that may still be read.
local function has_word(folder, word, left)
	for _, name in ipairs(files.list(folder) or {}) do
		local path = folder .. "/" .. name
		local found = name:sub(1, 1) ~= "." and name ~= "node_modules" and files.stat(path)
		if found and found.kind == "folder" and files.real(path) == path then
			if has_word(path, word, left) then
				return true
			end
		elseif found and found.kind == "file" and name:find "%.lua$" then
			left.count = left.count - 1
			if left.count < 0 or (files.read(path) or ""):find(word, 1, true) then
				return true
			end
		end
	end
	return false
end

--- Whether an app's scripts may require settings: whether they have to be loaded to look.
---@param folder string
---@return boolean
function required.may_be_in(folder)
	return has_word(files.real(folder) or folder, WORD, { count = FILES_MAX })
end

--- Loads the app and says which settings are missing. What else is wrong with the app is told when it is served.
---@param arguments string[]? REFUSED, or none
---@return integer exit_code
function required.run(arguments)
	pcall(require, "partnerapp.host")
	local missing = require("partnerapp.store.app_settings").missing()
	for _, line in ipairs(missing) do
		files.err(("partnerapp: %s\n"):format(line))
	end
	local is_refused = arguments and arguments[1] == required.REFUSED
	return #missing == 0 and not is_refused and 0 or 2
end

return required
