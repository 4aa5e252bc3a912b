-- What is not wrong in a list of fields, and surprises: values that are not among the choices of their field. Segment
-- takes such a definition, refuses the default in each event, and lets the condition never hold.
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"

local field_warnings = {}

local function choices_of(field)
	local values = {}
	for i, choice in ipairs(field.choices) do
		values[i] = tostring(choice.value)
	end
	return values
end

-- What a plain value is not among: the end of a sentence; nil when it is a choice, or the field has none.
local function not_among(field, value)
	if not field or not field.choices or type(value) == "table" or value == nil then
		return nil
	end
	local values = choices_of(field)
	for _, one in ipairs(values) do
		if one == tostring(value) then
			return nil
		end
	end
	return ("is not among the choices of '%s'%s"):format(field.name, nearest(tostring(value), values))
end

local function add(list, field, text)
	list[#list + 1] = { about = field.name, message = ("field '%s': %s"):format(field.name, text) }
end

local function look_at_conditions(list, field, given, by_name)
	for _, condition in ipairs(type(given) == "table" and given.conditions or {}) do
		local value = condition.value
		for _, one in ipairs(members.is_array(value) and value or { value }) do
			local what = not_among(by_name[condition.field_key], one)
			if what then
				add(list, field, ("the value '%s' of a condition %s"):format(tostring(one), what))
			end
		end
	end
end

--- The warnings about a list of fields that was read.
---@param fields table[] see destination/fields
---@return {about: string, message: string}[]
function field_warnings.of(fields)
	local list, by_name = {}, {}
	for _, field in ipairs(fields) do
		by_name[field.name] = field
	end
	for _, field in ipairs(fields) do
		local what = not_among(field, field.default)
		if what then
			add(list, field, ("the default '%s' %s"):format(tostring(field.default), what))
		end
		look_at_conditions(list, field, field.required, by_name)
		look_at_conditions(list, field, field.depends_on, by_name)
	end
	return list
end

return field_warnings
