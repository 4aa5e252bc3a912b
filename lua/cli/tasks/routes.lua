-- Prints method, path and place of every route.
local files = require "native.files"
local host = require "partnerapp.host"

local routes = {}

function routes.run()
	for _, route in ipairs(host.app:routes()) do
		files.out(("%-7s %-34s %s\n"):format(route.method, route.path, route.where))
	end
	return 0
end

return routes
