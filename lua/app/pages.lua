-- What the pages show.
local settings = require "partnerapp.settings"

local pages = {}

--- The home page: three steps, what is done and what is missing.
---@param app partnerapp.app
---@param req partnerapp.request
---@return table
function pages.home(app, req)
	local setup = settings.setup("/auth/segment")
	local session = req.session
	local mine = {}
	for _, id in ipairs(session and session.data.installs or {}) do
		local install = app.installs:find(id)
		if install then
			mine[#mine + 1] = install
		end
	end
	return {
		title = "Enable with Segment",
		banner = setup.banner,
		destination = app.destination,
		setup = setup,
		installs = mine,
	}
end

local SECRET = { "key", "secret", "token", "password" }

local function shown(setting)
	local name = setting.name:lower()
	local value = setting.value
	if value == "" then
		return "not set"
	end
	for _, word in ipairs(SECRET) do
		if name:find(word, 1, true) then
			return "•••• " .. tostring(value):sub(-2)
		end
	end
	if type(value) == "table" then
		return (next(value) == nil) and "none" or "set"
	end
	return tostring(value)
end

local function describe(destination)
	local rows = {}
	for _, setting in ipairs(destination.config or {}) do
		local name = setting.name:match("([^/]+)$")
		if setting.value ~= "" and setting.value ~= false then
			rows[#rows + 1] = {
				label = setting.display_name or name,
				value = shown { name = name, value = setting.value },
			}
		end
	end
	return {
		name = destination.display_name or destination.name,
		enabled = destination.enabled == true,
		mode = destination.connection_mode or "UNSPECIFIED",
		settings = rows,
	}
end

local ABILITIES = {
	["workspace:read"] = "read the workspace: its sources, destinations and tracking plans",
	workspace = "read and change the workspace: its sources, destinations and tracking plans",
}

--- The page of an install.
---@param app partnerapp.app
---@param install partnerapp.install
---@return table
function pages.install(app, install)
	local destination, problem = nil, false
	if install.source then
		local err
		destination, err = install:segment():get_destination(install.source, app.destination)
		problem = not destination and err or false
	end
	local public = app.installs:public(install)
	return {
		title = install.source and "Connected" or "Installed",
		banner = settings.setup("/auth/segment").banner,
		install = public,
		source = install.source or false,
		workspace = install.workspace or "not named",
		destination = destination and describe(destination) or false,
		problem = problem,
		ability = ABILITIES[install.scope] or "configure " .. (install.scope or "its destination"),
		json = { install = public, destination = destination },
	}
end

return pages
