-- Looks at all that can be known of an app without a request.
local app_settings = require "partnerapp.store.app_settings"
local blocked = require "partnerapp.host.blocked"
local check = require "partnerapp.host.check"
local definition = require "partnerapp.destination.definition"
local destinations = require "partnerapp.destination.files"
local failed_migrations = require "partnerapp.host.failed_migrations"
local looked_at = require "cli.check.looked_at"
local luacheck = require "cli.check.luacheck"
local names = require "partnerapp.host.names"
local problems = require "cli.check.problems"
local slugs = require "cli.check.slugs"
local static_files = require "cli.check.static_files"

local findings = {}

---@class cli.check.findings
---@field problems cli.check.problem[] why the app is not fine
---@field app_is_fine boolean the problems are settings of this machine only
---@field warnings cli.check.problem[]
---@field looked_at table<string, string[]> see looked_at.lua

-- What surprises in the app's destinations.
local function destination_warnings()
	local list = {}
	for _, name in ipairs(destinations.names()) do
		local destination = destinations.load(name)
		local warnings = destination and definition.warnings(destination) or {}
		table.move(warnings, 1, #warnings, #list + 1, list)
	end
	return list
end

-- The slugs of a catalog and of the app's own destinations; nil when one of those does not load, and so has no slug.
local function with_own(catalog)
	local list = table.move(catalog, 1, #catalog, 1, {})
	for _, name in ipairs(destinations.names()) do
		local destination, _, code = destinations.load(name)
		if code == "bad_definition" then
			return nil
		end
		list[#list + 1] = destination and destination.slug
	end
	return list
end

-- Loads the app. The app or nil, why it does not load, and the migrations that fail.
local function load()
	local why = {}
	local app, failed = failed_migrations.during(function()
		local ok, loaded = pcall(require, "partnerapp.host")
		why[1] = not ok and tostring(loaded) or nil
		return ok and loaded.app or nil
	end)
	return app, why, failed
end

-- Loads the modules that a script requires by name and that loading the app has not reached: those that a handler
-- requires, and those after one that fails. Why some do not load, and the migrations that fail.
local function load_others(required)
	local why = {}
	local _, failed = failed_migrations.during(function()
		for _, name in ipairs(required) do
			local ok, message = pcall(require, name)
			why[#why + 1] = not ok and tostring(message) or nil
		end
		return true
	end)
	return why, failed
end

--- Loads the app and looks at it. Each part is looked at also when another is wrong.
---@param folder string of the app
---@param catalog string[] the slugs of the sandbox's catalog
---@return cli.check.findings
function findings.of(folder, catalog)
	local found, warnings = {}, {}
	problems.add(found, "syntax", check.syntax(true))
	local app, why, failed = load()
	problems.add(found, "migration", failed)
	problems.add(found, "load", why)
	problems.add(found, "destination", check.destinations())
	local settings = {}
	for _, one in ipairs(app_settings.all()) do
		settings[one.name] = true
	end
	local wrong_names, required = names.problems(app and settings)
	problems.add(found, "name", wrong_names)
	local others, failed_there = load_others(required)
	problems.add(found, "migration", failed_there)
	problems.add(found, "load", others)
	problems.add(warnings, "name", names.left_out())
	if app then
		local wrong, doubtful = slugs.problems(app, with_own(catalog))
		problems.add(found, "scope", wrong)
		problems.add(warnings, "slug", doubtful)
	end
	if #found == 0 then
		problems.add(warnings, "destination", destination_warnings())
		problems.add(warnings, "policy", blocked.warnings())
	end
	problems.add(warnings, "static", static_files.warnings(folder))
	problems.add(warnings, "luacheck", luacheck.warnings(folder) or {})
	local app_is_fine = #found == 0
	problems.add(found, "setting", app_settings.missing())
	return {
		problems = problems.sorted(found),
		app_is_fine = app_is_fine,
		warnings = problems.sorted(warnings),
		looked_at = looked_at.lists(app, settings),
	}
end

return findings
