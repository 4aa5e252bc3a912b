-- The entry module of a generation's first VM: checks all files of the app, of which requests may need some much later.
local check = require "partnerapp.host.check"

local Problems = {}

function Problems:__tostring()
	return table.concat(self, "\n")
end

-- Raises no string, for the host adds a traceback to a string: here it would show only this file.
local function refuse(problems)
	if problems[1] then
		error(setmetatable(problems, Problems))
	end
end

refuse(check.syntax(false)) -- before the app runs, for it stops at the first file that does not compile
local host = require "partnerapp.host"
refuse(check.destinations())

return host
