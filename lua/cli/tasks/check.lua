-- Loads the app as a server would and reports every problem with file and line.
local files = require "native.files"
local scripts = require "native.scripts"

local check = {}

-- Compiles every script and view, so that one run reports all of them.
local function compile_all()
	local problems = {}
	for _, name in ipairs(scripts.list("app")) do
		if name:match("%.lua$") then
			local bytes = scripts.read("app", name)
			local chunk, message = scripts.compile(bytes, "@" .. name, scripts.globals())
			if not chunk then
				problems[#problems + 1] = message
			end
		elseif name:match("^views/.+%.html$") then
			local ok, message = pcall(require("partnerapp.view").compile, name:match("^views/(.+)%.html$"))
			if not ok then
				problems[#problems + 1] = message
			end
		end
	end
	return problems
end

function check.run()
	local problems = compile_all()
	if #problems == 0 then
		local ok, message = pcall(require, "partnerapp.host")
		if not ok then
			problems[1] = tostring(message)
		end
	end
	for _, problem in ipairs(problems) do
		files.err(problem .. "\n")
	end
	if #problems > 0 then
		return 1
	end
	files.out("fine\n")
	return 0
end

return check
