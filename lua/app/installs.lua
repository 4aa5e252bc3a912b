-- The pages of an install: what it is, renewing its token, and disconnecting it.
local pages = require "pages"
local reply = require "partnerapp.reply"

return function(app)
	app:get("/installs/:id", function(req)
		local install = app.installs:owned(req, req.params.id)
		local destination, problem = pages.find_destination(app, install)
		if req:wants_json() then
			return reply.json(pages.json(app, install, destination))
		end
		return reply.view("install", pages.install(app, req, install, destination, problem))
	end)

	-- For a cause that was repaired at Segment or in .env: the customer need not connect again.
	app:post("/installs/:id/reconnect", function(req)
		local install = app.installs:owned(req, req.params.id)
		local works, err = install:reconnect()
		if not works then
			return reply.failed(502, "It does not work yet: " .. err)
		end
		return reply.redirect("/installs/" .. install.id)
	end)

	app:post("/installs/:id/disconnect", function(req)
		local install = app.installs:owned(req, req.params.id)
		local gone, err = install:disconnect()
		if not gone then
			return nil, err
		end
		return reply.view("disconnected", pages.disconnected(install))
	end)
end
