-- The values that a command needs: given ones, else answers to questions on the terminal, else defaults. All that is
-- missing or wrong is reported at once. A field describes one value:
--   name: its key among the values
--   given: the text given by a flag or a setting, or nil
--   question: for the terminal; a field without one is never asked
--   hidden: true when the answer is not shown while it is typed
--   default: for an empty answer, and when there is no terminal; "" also allows an empty value
--   check(text): returns the value, or nil and what is wrong
--   stop: the answer that ends the command
--   how, why: for messages: how to give the value without a terminal, and why it is needed
local files = require "native.files"

local answers = {}

local INTERRUPTED = 130 -- 128 + SIGINT, as in a shell

--- Whether questions can be asked: input and error output are a terminal.
---@return boolean
function answers.can_ask()
	return files.is_terminal "in" and files.is_terminal "err"
end

local function check(field, text)
	if text == "" and field.default ~= "" then
		return nil, "must not be empty"
	elseif text == "" or not field.check then
		return text
	end
	return field.check(text)
end

--- Prints what is missing or wrong. True when there is a problem: the command then ends with exit code 2.
---@param fields table[]
---@return boolean
function answers.report(fields)
	local problems = 0
	for _, field in ipairs(fields) do
		local problem
		if field.given then
			local _, message = check(field, field.given)
			problem = message and ("%s: %s"):format(field.how, message)
		elseif not field.default and not (field.question and answers.can_ask()) then
			problem = field.how .. " is missing" .. (field.why and ": " .. field.why or "")
		end
		if problem then
			problems = problems + 1
			files.err("partnerapp: " .. problem .. "\n")
		end
	end
	return problems > 0
end

local function ask(field)
	local default = field.default and field.default ~= "" and (" [%s]"):format(field.default) or ""
	while true do
		local text, message, code = files.read_line(field.question .. default .. ": ", field.hidden)
		if not text then
			files.err(("\npartnerapp: nothing was created: %s\n"):format(message))
			return nil, code == "interrupted" and INTERRUPTED or 1
		end
		local value, problem = check(field, text == "" and field.default or text)
		if value then
			return value
		end
		files.err(("  %s\n"):format(problem))
	end
end

--- The values by name, after asking for those that are not given. nil and an exit code when the user ended it.
---@param fields table[]
---@return table? values, integer? exit_code
function answers.collect(fields)
	local values = {}
	for _, field in ipairs(fields) do
		local value, exit_code
		if not field.given and field.question and answers.can_ask() then
			value, exit_code = ask(field)
		else
			value = check(field, field.given or field.default)
		end
		if exit_code then
			return nil, exit_code
		elseif field.stop and value == field.stop then
			files.err "partnerapp: nothing was created\n"
			return nil, 1
		end
		values[field.name] = value
	end
	return values
end

-- Checks that several fields use.

---@param text string
---@return "yes"|"no"|nil, string? message
function answers.yes_or_no(text)
	local answer = ({ y = "yes", yes = "yes", n = "no", no = "no" })[text:lower()]
	if not answer then
		return nil, "must be yes or no"
	end
	return answer
end

---@param text string a slug, or the name "workspaces/SLUG"
---@return string? slug, string? message
function answers.workspace(text)
	local slug = text:match "^workspaces/(.+)$" or text
	if not slug:find "^[%w_-]+$" then
		return nil, "must be the slug of a workspace, such as my-workspace"
	end
	return slug
end

return answers
