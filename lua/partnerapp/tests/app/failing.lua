-- An app whose routes refuse and fail in every way: pages about faults show the lines of an app's own files.
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"

return function()
	local app = partnerapp.new {}
	app:get("/refuse", function()
		partnerapp.refuse(404, "No <b>such</b> install.")
	end)
	app:get("/failed", function()
		return reply.failed(502, "Segment does not answer.")
	end)
	app:get("/nil", function()
		return nil, "secret database is gone"
	end)
	app:get("/raise", function()
		error "secret <script>alert(1)</script>"
	end)
	app:get("/deep", function()
		local response = reply.json { f = print } -- here
		return response
	end)
	app:get("/in-source", function()
		error "token-in-the-source-of-the-app"
	end)
	app:get("/object", function()
		error {}
	end)
	app:get("/nothing", function() end)
	app:get("/wrong", function()
		return "text"
	end)
	app:get("/header", function()
		return { status = 200, headers = { ["x-a"] = "a\r\nset-cookie: b=c" } }
	end)
	return app
end
