-- The pages of an install: what it is, renewing its token, and disconnecting it.
local log = require "partnerapp.log"
local pages = require "pages"
local reply = require "partnerapp.reply"

-- `tried` is why another attempt to renew the token failed just now.
local function show(app, req, install, tried)
	local destination, problem, code = pages.find_destination(app, install)
	if req:wants_json() then
		return reply.json(pages.json(app, install, destination))
	elseif problem then
		log.warn("a destination cannot be shown", { install = install.name, error = problem, code = code })
	end
	local values = pages.install(app, req, install, destination, problem, code)
	values.tried = tried
	return reply.view("install", values, tried and 502 or 200)
end

return function(app)
	app:get("/installs/:id", function(req)
		return show(app, req, app.installs:owned(req, req.params.id))
	end)

	-- For a cause that was repaired at Segment or in .env: the customer need not connect again.
	app:post("/installs/:id/reconnect", function(req)
		local install = app.installs:owned(req, req.params.id)
		local works, err, code = install:reconnect()
		if works then
			return reply.redirect("/installs/" .. install.id)
		elseif req:wants_json() then
			return reply.failed(502, "It does not work yet: " .. err)
		end
		log.error("an install does not work yet", { install = install.name, error = err, code = code })
		local response = show(app, req, app.installs:owned(req, install.id), err)
		response.logged = true
		return response
	end)

	app:get("/installs/:id/disconnect", function(req)
		return reply.view("disconnect", pages.disconnect(app, req, app.installs:owned(req, req.params.id)))
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
