-- The destinations of the app that runs in the same process, as entries of the catalog. They are asked for each time: a
-- saved file takes effect at once.
local json = require "partnerapp.json"
local neighbour = require "partnerapp.neighbour"

local of_app = {}

--- The entries; none when no app runs here, or when it does not load.
---@return table[]
function of_app.destinations()
	local answer = neighbour.ask "destinations"
	local list = answer and answer.destinations or {}
	for _, entry in ipairs(list) do
		entry.of_app = true
		for _, setting in ipairs(entry.settings) do
			setting.options = setting.options and json.array(setting.options)
		end
	end
	return list
end

--- The entry of a slug; nil when the app has none.
---@param slug string
---@return table?
function of_app.find(slug)
	for _, entry in ipairs(of_app.destinations()) do
		if entry.slug == slug then
			return entry
		end
	end
end

return of_app
