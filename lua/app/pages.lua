-- What the pages show.
local json = require "partnerapp.json"
local segment = require "partnerapp.segment"
local settings = require "partnerapp.settings"

local pages = {}

local MOUNT = "/auth/segment"

--- The home page: three steps, what is done and what is missing.
---@param app partnerapp.app
---@param req partnerapp.request
---@return table
function pages.home(app, req)
	local setup = settings.setup(MOUNT)
	return {
		title = "Enable with Segment",
		banner = setup.banner,
		destination = app.destination,
		setup = setup,
		installs = app.installs:of(req),
	}
end

--- The destination an install is about: false when it has no source, nil and why when it cannot be had.
---@param app partnerapp.app
---@param install partnerapp.install
---@return table|false|nil destination, string? problem
function pages.find_destination(app, install)
	if not install.source then
		return false
	end
	local slug = install.scope:match "^destination/([%w._-]+)$" or app.destination
	return install:segment():get_destination(install.source, slug)
end

--- What a program gets.
---@param app partnerapp.app
---@param install partnerapp.install
---@param destination table|false|nil
---@return table
function pages.json(app, install, destination)
	return {
		install = app.installs:public(install),
		destination = destination and segment.public(destination) or json.null,
	}
end

local function in_words(value)
	if value == true then
		return "on"
	elseif type(value) == "table" then
		return #value == 1 and "1 entry" or #value .. " entries"
	end
	return tostring(value)
end

-- The settings that are set, with secrets masked.
local function describe(destination)
	local shown = segment.public(destination)
	local rows = {}
	for _, setting in ipairs(shown.config or {}) do
		local value = setting.value
		local empty = value == nil or value == json.null or value == "" or value == false
		if not empty and not (type(value) == "table" and next(value) == nil) then
			rows[#rows + 1] = { label = setting.display_name or setting.name:match "[^/]+$", value = in_words(value) }
		end
	end
	return {
		name = shown.display_name or shown.name,
		enabled = shown.enabled == true,
		mode = (shown.connection_mode or "UNSPECIFIED"):lower(),
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
---@param destination table|false|nil
---@param problem string?
---@return table
function pages.install(app, install, destination, problem)
	local public = app.installs:public(install)
	return {
		title = install.source and "Connected" or "Installed",
		banner = settings.setup(MOUNT).banner,
		install = public,
		asked = install.asked_scope ~= install.scope and install.asked_scope or false,
		source = install.source or false,
		workspace = install.workspace or false,
		destination = destination and describe(destination) or false,
		problem = problem or false,
		broken = install.health ~= "ok",
		ability = ABILITIES[install.scope] or "do what " .. install.scope .. " allows",
		token_until = public.expires_at:gsub("T(%d%d:%d%d).*", " %1 UTC"),
		again = MOUNT,
	}
end

return pages
