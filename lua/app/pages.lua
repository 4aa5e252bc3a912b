-- The values that the pages show.
local advice_for = require "advice"
local config = require "partnerapp.config"
local destinations = require "destinations"
local json = require "partnerapp.json"
local mounts = require "mounts"
local reply = require "partnerapp.reply"
local segment = require "partnerapp.segment"
local setup_help = require "partnerapp.setup_help"

local pages = {}

--- The destination of an install: false when the install has no source, nil and why when Segment does not give it.
---@param app partnerapp.app
---@param install partnerapp.install
---@return table|false|nil destination, string? problem, string? code
function pages.find_destination(app, install)
	if not install.source then
		return false
	end
	local slug = install.scope:match "^destination/([%w._-]+)$" or app.destination
	return install:segment():get_destination(install.source, slug)
end

--- The JSON that a program gets in place of a page.
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
---@param req partnerapp.request
---@param install partnerapp.install
---@param destination table|false|nil
---@param problem string? why there is no destination
---@param code string?
---@return table
function pages.install(app, req, install, destination, problem, code)
	local advice = problem and advice_for(code) or false
	local public = app.installs:public(install)
	local wide = mounts.of(install)
	return {
		more = install.workspace and wide and ("/installs/%s/%s"):format(install.id, wide.page) or false,
		csrf = req:csrf_field(),
		development = config.development,
		title = advice and advice.title
			or public.health == "needs_reconnect" and "Not connected any more"
			or public.health:find "_server$" and "Connected elsewhere"
			or install.source and "Connected"
			or "Installed",
		banner = setup_help.setup(mounts.first).banner,
		install = public,
		asked = install.asked_scope ~= install.scope and install.asked_scope or false,
		source = install.source or false,
		workspace = install.workspace or false,
		destination = destination and describe(destination) or false,
		problem = problem or false,
		advice = advice,
		request_id = req.id,
		health = public.health,
		ability = ABILITIES[install.scope] or "do what " .. install.scope .. " allows",
		token_until = install.expires_at and public.expires_at:gsub("T(%d%d:%d%d).*", " %1 UTC") or false,
		again = wide and wide.path or mounts.first,
	}
end

--- The page that asks before an install is disconnected.
---@param app partnerapp.app
---@param req partnerapp.request
---@param install partnerapp.install
---@return table
function pages.disconnect(app, req, install)
	return {
		title = "Disconnect?",
		banner = setup_help.setup(mounts.first).banner,
		csrf = req:csrf_field(),
		install = install,
		place = install.source or install.workspace or install.name,
		product = install.source and destinations.name(app.destination) or false,
	}
end

--- The page after an install is disconnected: what is left to do.
---@param install partnerapp.install
---@return table
function pages.disconnected(install)
	local setup = setup_help.setup(mounts.first)
	return {
		title = "Disconnected",
		banner = setup.banner,
		sandbox = setup.sandbox,
		source = install.source or install.workspace or install.name,
		workspace = install.workspace or "",
	}
end

--- A line of the report: a source and what it sends to.
---@param source table
---@param list table[] its destinations
---@return table
function pages.report_row(source, list)
	local shown = {}
	for i, destination in ipairs(list) do
		shown[i] = {
			name = destination.display_name or destination.name:match "[^/]+$",
			enabled = destination.enabled == true,
		}
	end
	return { name = source.name, kind = tostring(source.catalog_name):match "[^/]+$", destinations = shown }
end

---@param install partnerapp.install
---@param rows table[]
---@return table
function pages.report(install, rows)
	return {
		title = "What is in the workspace",
		banner = setup_help.setup(mounts.first).banner,
		workspace = install.workspace,
		install = install,
		rows = rows,
		more = rows.more == true,
	}
end

local function kinds_of(install, chosen)
	local list, err = install:segment():catalog_sources():all()
	if not list then
		return nil, err
	end
	local kinds = {}
	for i, item in ipairs(list) do
		local slug = item.name:match "[^/]+$"
		kinds[i] = { slug = slug, name = item.display_name or slug, chosen = slug == chosen }
	end
	return kinds
end

--- The page that creates a source; what was typed stays.
---@param req partnerapp.request
---@param install partnerapp.install
---@param typed {slug: string?, kind: string?, problem: string?, created: string?}
---@return partnerapp.response
function pages.sources(req, install, typed)
	local kinds, err = kinds_of(install, typed.kind or "javascript")
	if not kinds then
		return reply.failed(502, "The kinds of sources cannot be read: " .. err)
	end
	return reply.view("sources", {
		title = "Create a source",
		banner = setup_help.setup(mounts.first).banner,
		csrf = req:csrf_field(),
		install = install,
		workspace = install.workspace,
		kinds = kinds,
		slug = not typed.created and typed.slug or "",
		problem = typed.problem or false,
		created = typed.created or false,
	}, typed.problem and 422 or 200)
end

return pages
