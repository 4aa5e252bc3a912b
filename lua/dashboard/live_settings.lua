-- The settings that an install's destination has at Segment now, as a form. What is saved is what was changed in the
-- form, and nothing else: the update mask and the list of settings name just that.
local installs = require "partnerapp_dashboard.installs"
local json = require "partnerapp.json"
local json_text = require "partnerapp_dashboard.json_text"
local log = require "partnerapp.log"
local pretty = require("partnerapp.destination").pretty
local segment = require "partnerapp.segment"
local shell = require "partnerapp_dashboard.shell"
local visible = require "partnerapp_dashboard.visible"

local live_settings = {}

local MODES = { "UNSPECIFIED", "CLOUD", "DEVICE" }
local SECRET = "***" -- what segment.public shows in place of one

local function slug_of(app, install)
	return install.scope and install.scope:match "^destination/([%w._-]+)$" or app.destination
end

-- By the name of a setting, what the catalog says of it; empty when the catalog cannot be read.
local function catalog_of(client, slug)
	local item = client:get_catalog_destination(slug)
	local by_name = {}
	for _, setting in ipairs(item and item.settings or {}) do
		by_name[setting.name] = setting
	end
	return by_name
end

local function text_of(value, kind)
	if value == nil or value == json.null then
		return ""
	end
	return kind == "json" and json_text(value) or tostring(value)
end

-- The choices of a setting that has some.
local function options_of(about, kind)
	local options = about.select_validators and about.select_validators.select_options
	if type(options) == "table" and #options > 0 then
		return options
	end
	return kind == "boolean" and { "true", "false" } or nil
end

local KINDS = { number = "number", list = "json", map = "json", mixed = "json" }

-- The input for a setting. One that a browser would send back as another text than it got would count as changed: that
-- of one line for a text of several, that of a number for what is none.
local function kind_of(setting, options)
	local value, kind = setting.value, KINDS[setting.type] or "text"
	if value == SECRET then
		return "password"
	elseif type(value) == "table" then
		return "json"
	elseif options then
		return "choice"
	elseif type(value) == "string" and kind ~= "json" then
		return value:find "[\r\n]" and "lines" or tonumber(value) and kind or "text"
	end
	return kind
end

local function help_of(setting, about)
	local text = about.description or ""
	return text ~= "" and text ~= setting.display_name and visible(text) or false
end

local function row_of(setting, about)
	local name = setting.name:match "[^/]+$"
	local secret = setting.value == SECRET
	local options = options_of(about, setting.type)
	local kind = kind_of(setting, options)
	local value = text_of(setting.value, kind)
	return {
		name = name,
		id = "config-" .. name,
		label = visible(setting.display_name or name),
		help = help_of(setting, about),
		required = about.required == true,
		type = setting.type or "string",
		kind = kind,
		options = options or {},
		was = secret and "" or value,
		value = secret and "" or value,
		is_set = secret,
	}
end

-- The value that a text stands for. nil and a message when it is none of the setting's type.
local function read(row, text)
	if row.kind == "json" then
		local value, message, code = json.decode(text == "" and "null" or text)
		if code then
			return nil, message
		end
		return value
	elseif row.type == "boolean" then
		return text == "true"
	elseif row.type == "number" then
		local number = math.tointeger(tonumber(text)) or tonumber(text)
		return number, not number and "this is not a number" or nil
	end
	return text
end

local function normal(text)
	return (text:gsub("\r\n", "\n"))
end

-- What a form that was sent changes: the settings of update_destination, with the problems by name.
local function changes_of(rows, form)
	local settings, problems = {}, {}
	if form.enabled ~= form["was.enabled"] then
		settings.enabled = form.enabled == "true"
	end
	if form.mode ~= form["was.mode"] then
		settings.connection_mode = form.mode
	end
	for _, row in ipairs(rows) do
		local sent, was = form["config." .. row.name], form["was." .. row.name]
		if sent and normal(sent) ~= normal(was or "") then
			row.value = row.kind ~= "password" and sent or ""
			row.was = was or ""
			local value, message = read(row, normal(sent))
			if message then
				problems[row.name] = message
			else
				settings.config = settings.config or {}
				settings.config[row.name] = value
			end
		end
	end
	return settings, problems
end

local function names_of(settings)
	local names = {}
	for _, name in ipairs { "enabled", "connection_mode" } do
		names[#names + 1] = settings[name] ~= nil and name or nil
	end
	local inside = {}
	for name in pairs(settings.config or {}) do
		inside[#inside + 1] = "config/" .. name
	end
	table.sort(inside)
	return table.move(inside, 1, #inside, #names + 1, names)
end

local function save(client, install, slug, rows, form)
	local settings, problems = changes_of(rows, form)
	if next(problems) then
		return { good = false, text = "Not saved: what is wrong stands below the fields.", problems = problems }
	elseif not next(settings) then
		return { good = true, text = "Nothing was changed, so nothing was sent.", problems = {} }
	end
	local names = table.concat(names_of(settings), ", ")
	local saved, message, code, details = client:update_destination(install.source, slug, settings)
	if not saved then
		local text = ("Segment did not save %s: %s (%s)"):format(names, message, code or "no code")
		return {
			good = false,
			text = visible(log.masked(text)),
			answer = details and visible(log.masked(pretty(details))) or false,
			problems = {},
		}
	end
	local answer = visible(log.masked(pretty(segment.public(saved))))
	return { good = true, text = ("Saved: %s."):format(names), answer = answer, problems = {}, saved = saved }
end

local function show(req, install, values)
	values.title = "Settings at Segment"
	values.install = install
	values.modes = MODES
	local status = values.problem and 502 or values.said and not values.said.good and 422 or 200
	return shell.page(req, "live_settings", values, status)
end

local function answer(req, given, install, form)
	local slug = slug_of(given.app, install)
	local values =
		{ problem = false, can_read_again = false, said = false, rows = {}, destination = false, slug = slug or "" }
	if not install.source or not slug then
		values.problem = "This install names no source, so it has no destination of its own."
		return show(req, install, values)
	elseif install.server and not install.api_origin then
		values.problem = ("This install is at %s, not at Segment."):format(install.server)
		return show(req, install, values)
	end
	local client = install:segment()
	local found, message, code = client:get_destination(install.source, slug)
	if not found then
		local text = "Segment does not give the destination: %s (%s).%s"
		local after = form and " Nothing was saved; what you typed is there when you go back." or ""
		values.problem = visible(log.masked(text:format(message, code or "no code", after)))
		values.can_read_again = true
		return show(req, install, values)
	end
	local catalog = catalog_of(client, slug)
	local function rows_of(destination)
		local rows = {}
		for i, setting in ipairs(segment.public(destination).config or {}) do
			rows[i] = row_of(setting, catalog[setting.name:match "[^/]+$"] or {})
		end
		return rows
	end
	local rows = rows_of(found)
	if form then
		values.said = save(client, install, slug, rows, form)
		found = values.said.saved or found
		rows = values.said.saved and rows_of(found) or rows
	end
	values.rows = rows
	values.destination = segment.public(found)
	return show(req, install, values)
end

--- Adds the page.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function live_settings.add(pages, given)
	local function route(method)
		pages[method](pages, "/installs/:id/destination", function(req)
			local install, refused = installs.of(req, given)
			if not install then
				return refused
			end
			return answer(req, given, install, method == "post" and req.form or nil)
		end)
	end
	route "get"
	route "post"
end

return live_settings
