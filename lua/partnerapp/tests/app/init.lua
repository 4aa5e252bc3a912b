-- The app under which the library's own tests run; most cases make apps of their own.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"

local app = partnerapp.new({ name = "library-tests" })

app:get("/hello", function()
	return reply.text("Hello, world\n")
end)

return app
