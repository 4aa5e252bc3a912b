-- Seals all that is stored with the current key.
local files = require "native.files"
local reseal = require "partnerapp.installs.reseal"

local task = {}

local DONE = [[
%d sealed anew with %s, %d already were.
The keys before it are kept, for what is still under way. When nothing needs them any more, take them out of SECRET_KEY.
]]

function task.run()
	local result, message = reseal.run()
	if not result then
		files.err("partnerapp: " .. message .. ": run this again\n")
		return 1
	end
	files.out(DONE:format(result.sealed, result.key, result.current))
	return 0
end

return task
