-- Warns about files with secrets that every user of the machine can read (OP-06). It is no reason to stop: containers
-- mount such files read-only, as the mode that they have.
local private_file = {}

local WORLD_READABLE = tonumber("004", 8)

---@param path string
---@param warnings string[] gets one when other users can read the file
---@param lookup cli.lookup where to look
function private_file.check(path, warnings, lookup)
	local stat = lookup.stat(path)
	if stat and stat.mode & WORLD_READABLE ~= 0 then
		warnings[#warnings + 1] = ("%s can be read by every user of this machine: chmod 600 %s"):format(path, path)
	end
end

return private_file
