-- The values of the home page. It is for customers; what helps to set the app up is on it in development only.
local config = require "partnerapp.config"
local destinations = require "destinations"
local mounts = require "mounts"
local setup_help = require "partnerapp.setup_help"

local home = {}

local function wide_mounts()
	local list = {}
	for i, wide in ipairs(mounts.wide) do
		local setup = setup_help.setup(wide.path, wide.client)
		list[i] = {
			path = wide.path,
			text = wide.text,
			scope = wide.scope,
			configured = setup.configured,
			id_setting = setup.id_setting,
			secret_setting = setup.secret_setting,
			redirect_uri = setup.redirect_uri,
		}
	end
	return list
end

local function configured(list)
	local ready = {}
	for _, mount in ipairs(list) do
		ready[#ready + 1] = mount.configured and mount or nil
	end
	return ready
end

local function place_of(install)
	return install.workspace or install.source and install.source:match "^workspaces/[^/]+" or install.name
end

-- The browser's installs, newest first, by workspace: each is there once, with a link for each flow that connected it.
-- An install that a newer one of the same flow has replaced is left out: it may be dead at Segment.
local function connected(installs)
	local places, by_name = {}, {}
	for _, install in ipairs(installs) do
		local name = place_of(install)
		local place = by_name[name]
		if not place then
			place = { name = name, links = {}, flows = {} }
			by_name[name] = place
			places[#places + 1] = place
		end
		local wide = mounts.of(install)
		local flow = wide and wide.path or mounts.first
		if not place.flows[flow] then
			place.flows[flow] = true
			place.links[#place.links + 1] = {
				href = "/installs/" .. install.id,
				place = install.source or name,
				text = wide and wide.text or install.source or "About this install",
				dead = install.health == "needs_reconnect",
			}
		end
	end
	return places
end

--- The home page.
---@param app partnerapp.app
---@param req partnerapp.request
---@return table
function home.values(app, req)
	local setup = setup_help.setup(mounts.first)
	local places, wide = connected(app.installs:of(req)), wide_mounts()
	return {
		title = "Enable with Segment",
		banner = setup.banner,
		product = destinations.name(app.destination),
		setup = setup,
		places = places,
		newest = places[1] and places[1].links[1].href or false,
		more = configured(wide),
		wide = wide,
		development = config.development,
	}
end

return home
