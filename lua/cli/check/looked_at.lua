-- What `check` has looked at: lists of names, for a person in columns and for a program as they are.
local db = require "native.db"
local destinations = require "partnerapp.destination.files"
local scripts = require "native.scripts"
local static = require "partnerapp.web.static"

local looked_at = {}

local SHOWN = 6 -- names of a list, in a line for a person

-- The order for a person, and what is listed.
local ROWS =
	{ "scripts", "views", "static", "routes", "flows", "jobs", "actions", "destinations", "migrations", "settings" }

-- The captures of a pattern in the names of the app's files, without those that `refused` has a reason for.
local function matches(pattern, refused)
	local list = {}
	for _, name in ipairs(scripts.list "app") do
		local found = name:match(pattern)
		list[#list + 1] = found and not (refused and refused(found)) and found or nil
	end
	return list
end

local function sorted_keys(map)
	local list = {}
	for key in pairs(map) do
		list[#list + 1] = tostring(key)
	end
	table.sort(list)
	return list
end

local function map(list, text)
	local texts = {}
	for i, one in ipairs(list) do
		texts[i] = text(one)
	end
	return texts
end

-- The app's own lists of steps, which were applied to the empty database when the app was loaded.
local function migrations()
	local rows = db.query(
		"SELECT module, count(*) AS steps FROM pa_migrations WHERE module LIKE 'app:%' GROUP BY module ORDER BY module"
	)
	return map(rows or {}, function(row)
		return ("%s (%d %s)"):format(row.module:sub(#"app:" + 1), row.steps, row.steps == 1 and "step" or "steps")
	end)
end

--- The lists, by their names in ROWS.
---@param app table? nil when it does not load: then its routes and the like are not known
---@param settings table<string, any> the app's own
---@return table<string, string[]>
function looked_at.lists(app, settings)
	local lists = {
		scripts = matches "^(.+%.lua)$",
		views = matches "^views/(.+)%.html$",
		static = matches("^static/(.+)$", static.refused),
		destinations = destinations.names(),
	}
	if app then
		lists.routes = map(app:routes(), function(route)
			return route.method .. " " .. route.path
		end)
		lists.flows = map(app:flows(), function(flow)
			return ("%s (%s)"):format(flow.path, flow.scope ~= "" and flow.scope or "no scope")
		end)
		lists.jobs = map(app._jobs, function(job)
			return job.name
		end)
		lists.actions = sorted_keys(app.actions)
		lists.migrations = migrations()
		lists.settings = sorted_keys(settings)
	end
	return lists
end

--- A line for each list that is not empty: how many, and the first names.
---@param lists table<string, string[]>
---@return string
function looked_at.text(lists)
	local lines = {}
	for _, name in ipairs(ROWS) do
		local list = lists[name]
		if list and #list > 0 then
			local shown = table.concat(list, ", ", 1, math.min(#list, SHOWN))
			lines[#lines + 1] = ("%-13s %3d  %s%s\n"):format(name, #list, shown, #list > SHOWN and ", …" or "")
		end
	end
	return table.concat(lines)
end

return looked_at
