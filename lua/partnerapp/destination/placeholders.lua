-- Templates: "Hello {{traits.name}}". {{{…}}} is the same, and is replaced first.
local javascript = require "partnerapp.destination.javascript"
local paths = require "partnerapp.destination.paths"

local placeholders = {}

-- Replaces what stands between `open` and `close`. It contains no }, so that only the first } can end it: where that
-- one does not, the search goes on after it.
local function replace(template, open, close, insert)
	local parts, done, at = {}, 1, 1
	while true do
		local first = template:find(open, at, true)
		local stop = first and template:find("}", first + #open, true)
		if not stop then
			break
		end
		if stop > first + #open and template:sub(stop, stop + #close - 1) == close then
			parts[#parts + 1] = template:sub(done, first - 1)
			parts[#parts + 1] = insert(template:sub(first + #open, stop - 1))
			done, at = stop + #close, stop + #close
		else
			at = stop
		end
	end
	parts[#parts + 1] = template:sub(done)
	return table.concat(parts)
end

--- A template with the values of an event. A missing value and null are "".
---@param template string
---@param event any
---@param work partnerapp.destination.work pays for what is inserted
---@return string
function placeholders.render(template, event, work)
	local function insert(path)
		local value = paths.get(event, javascript.trim(path))
		local kind = javascript.type_of(value)
		local text = (kind == "undefined" or kind == "null") and "" or javascript.to_string(value, work)
		work:spend(#text)
		return text
	end
	return replace(replace(template, "{{{", "}}}", insert), "{{", "}}", insert)
end

return placeholders
