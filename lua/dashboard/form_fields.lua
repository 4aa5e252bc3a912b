-- Typed fields of a form: the settings of a destination. A password is never put onto a page, also not the one that was
-- typed.
local form_fields = {}

---@class dashboard.form_field
---@field id string
---@field name string of the input
---@field label string
---@field help string|false
---@field kind "text"|"password"|"number"|"choice"
---@field value string
---@field choices {value: string, label: string}[]
---@field required boolean
---@field state string where the value comes from when the field is left empty

local KINDS = { password = "password", number = "number", boolean = "choice" }

local YES_NO = { { value = "true", label = "yes" }, { value = "false", label = "no" } }

local function choices_of(field)
	if field.choices then
		local list = {}
		for i, choice in ipairs(field.choices) do
			list[i] = { value = tostring(choice.value), label = choice.label }
		end
		return list
	end
	return field.type == "boolean" and YES_NO or {}
end

--- The rows of a form.
---@param fields table[] see destination/fields
---@param form table<string, string> what was sent
---@param prefix string of the inputs' names
---@param state fun(field: table): string what holds when the field is left empty
---@return dashboard.form_field[]
function form_fields.rows(fields, form, prefix, state)
	local rows = {}
	for i, field in ipairs(fields) do
		local name = prefix .. field.name
		local choices = choices_of(field)
		rows[i] = {
			id = (name:gsub("[^%w_-]", "-")),
			name = name,
			label = field.label or field.name,
			help = field.description or false,
			kind = #choices > 0 and "choice" or KINDS[field.type] or "text",
			value = field.type ~= "password" and form[name] or "",
			choices = choices,
			required = field.required == true,
			state = state(field),
		}
	end
	return rows
end

--- What was sent for the fields, without those that were left empty.
---@param fields table[]
---@param form table<string, string>
---@param prefix string
---@return table<string, string> by the name of the field
function form_fields.sent(fields, form, prefix)
	local values = {}
	for _, field in ipairs(fields) do
		local value = form[prefix .. field.name]
		values[field.name] = value ~= "" and value or nil
	end
	return values
end

local MARK = "typed."

--- The passwords that were typed for what a form asks now, also before a question: the page with the question does not
--- have them any more, and another value must not take their place silently.
---@param fields table[]
---@param form table<string, string>
---@param prefix string
---@return {mark: string, label: string}[] typed `mark` is the name of a hidden input "1" for the question
---@return string? forgotten the labels of those that have to be typed again
function form_fields.typed(fields, form, prefix)
	local typed, forgotten = {}, {}
	for _, field in ipairs(fields) do
		local name = prefix .. field.name
		local is_empty = (form[name] or "") == ""
		if field.type == "password" and (not is_empty or form[MARK .. name] == "1") then
			local label = field.label or field.name
			typed[#typed + 1] = { mark = MARK .. name, label = label }
			forgotten[#forgotten + 1] = is_empty and label or nil
		end
	end
	return typed, #forgotten > 0 and table.concat(forgotten, ", ") or nil
end

return form_fields
