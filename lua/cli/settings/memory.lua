-- How much memory the control group of this process may have, and what follows for SCRIPT_MEMORY.
local amount = require "partnerapp.web.amount"

local memory = { bytes = amount.bytes, text = amount.text }

-- The files that may hold a limit for one line of /proc/self/cgroup ("0::/a/b", "4:memory:/a/b"): of the group and
-- of those around it. Inside a container the path may be one of the host, and the file is in the folder at the top.
local function limit_files(line)
	local controllers, path = line:match "^%d+:([^:]*):(.*)$"
	local top, name
	if controllers == "" then
		top, name = "/sys/fs/cgroup", "memory.max"
	elseif controllers and ("," .. controllers .. ","):find(",memory,", 1, true) then
		top, name = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	else
		return {}
	end
	local found = { top .. "/" .. name }
	while path:find "[^/]" do
		found[#found + 1] = top .. path .. "/" .. name
		path = path:gsub("/[^/]*$", "")
	end
	return found
end

--- The least limit of the control groups that this process is in.
---@param lookup cli.lookup
---@return integer? bytes nil without a limit
function memory.group_limit(lookup)
	local least
	for line in (lookup.read "/proc/self/cgroup" or ""):gmatch "[^\n]+" do
		for _, file in ipairs(limit_files(line)) do
			local bytes = math.tointeger(tonumber((lookup.read(file) or ""):match "^%d+"))
			least = bytes and math.min(bytes, least or bytes) or least
		end
	end
	return least
end

--- The default of SCRIPT_MEMORY: 1 GiB, or half of what the control group may have when that is less.
---@param lookup cli.lookup
---@return string
function memory.default(lookup)
	local limit = memory.group_limit(lookup)
	return memory.text(math.max(memory.LEAST, math.min(1 << 30, limit and limit // 2 or 1 << 30)))
end

--- The least SCRIPT_MEMORY: with less of it no server starts.
memory.LEAST = 16 << 20

return memory
