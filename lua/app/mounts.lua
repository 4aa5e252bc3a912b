-- The install flows of this app, for its pages: init.lua has the first one, workspace.lua the others.
local mounts = {}

mounts.first = "/auth/segment"

--- Those that reach a whole workspace. `page` is below the install's address.
mounts.wide = {
	{
		path = "/auth/report",
		client = "report",
		text = "Report on a workspace",
		scope = "workspace:read",
		page = "report",
	},
	{ path = "/auth/workspace", client = "workspace", text = "Create a source", scope = "workspace", page = "sources" },
}

--- The wide mount that an install came from; nil for the first one.
---@param install partnerapp.install
---@return table?
function mounts.of(install)
	for _, wide in ipairs(mounts.wide) do
		if wide.client == install.client then
			return wide
		end
	end
end

return mounts
