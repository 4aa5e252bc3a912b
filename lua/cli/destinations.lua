-- The destination that a command names: a file of destinations/, or the app's handlers of events (app:on).
local files = require "partnerapp.destination.files"
local handlers = require "partnerapp.destination.handlers"

local destinations = {}

-- The handlers of the app that runs. nil and a message when it does not load; nil when it has none.
local function of_app()
	local fine, host = pcall(require, "partnerapp.host")
	if not fine then
		return nil, tostring(host)
	end
	return handlers.destination(host.app)
end

-- The only destination that events can go to.
local function only()
	local found, message = of_app()
	if message then
		return nil, message
	end
	local list = { found }
	for _, name in ipairs(files.names()) do
		local destination, problem, code = files.load(name)
		if code == "bad_definition" then
			return nil, problem
		elseif destination and #destination.actions > 0 then
			list[#list + 1] = destination
		end
	end
	if #list == 1 then
		return list[1]
	end
	local slugs = {}
	for i, destination in ipairs(list) do
		slugs[i] = destination.slug
	end
	if #slugs == 0 then
		return nil, "the app has no destination with an action: partnerapp new destination SLUG makes one"
	end
	return nil, "which destination? The app has " .. table.concat(slugs, ", ")
end

--- Loads a destination of the app that runs.
---@param slug string? "app" is the app's handlers of events; without one, the only destination with actions
---@return table? destination see destination/definition, or destination/handlers
---@return string? message
function destinations.load(slug)
	if not slug then
		return only()
	end
	local destination, message, code = files.load(slug)
	if code == "not_found" and slug == handlers.SLUG then
		local found, problem = of_app()
		return found, not found and (problem or "the app handles no events: app:on(…)") or nil
	end
	return destination, message
end

return destinations
