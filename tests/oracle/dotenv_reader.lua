-- Reads .env files with the program's reader, for tests/oracle/dotenv.test.mjs: of each line of standard input, which is
-- a file in hex, prints what the file assigns, "NAME=VALUE" in hex, separated by spaces, then "!" and the warnings.
-- The folder of the Lua files is the first argument.
package.path = arg[1] .. "/?.lua"
local text
package.preload["native.files"] = function()
	return {
		read = function()
			return text
		end,
		stat = function() end,
	}
end
local dotenv = require "cli.dotenv"

local function hex(bytes)
	return (bytes:gsub(".", function(byte)
		return ("%02x"):format(byte:byte())
	end))
end

for line in io.lines() do
	text = line:gsub("%x%x", function(digits)
		return string.char(tonumber(digits, 16))
	end)
	local problems, warnings, words = {}, {}, {}
	for name, value in pairs(dotenv.read(".env", problems, warnings)) do
		words[#words + 1] = hex(name .. "=" .. value)
	end
	words[#words + 1] = "!"
	for _, list in ipairs { problems, warnings } do
		for _, message in ipairs(list) do
			words[#words + 1] = hex(message)
		end
	end
	print(table.concat(words, " "))
end
