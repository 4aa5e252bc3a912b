-- The app that is measured, written like any partner's.
local config = require "partnerapp.config"
local oauth = require "partnerapp.oauth"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local segment = require "partnerapp.segment"

local app = partnerapp.new { destination = "clearbrain" }

local function enable(client, source)
	return client:create_destination(source, app.destination, {
		enabled = true,
		connection_mode = "CLOUD",
		config = { apiKey = "abcd1234" },
	})
end

app:get("/hello", function()
	return reply.text "Hello, world\n"
end)

app:get("/json", function()
	return reply.json { message = "Hello, World!", ok = true, n = 42, list = { 1, 2, 3 } }
end)

-- The whole flow: state, PKCE, the sealed cookie, and the install saved durably before the answer.
app:oauth("/auth/segment", {
	scope = "destination/clearbrain",
	installed = function(_, install)
		local destination, err = enable(install:segment(), install.source)
		if not destination then
			return reply.failed(502, err)
		end
		return reply.json(destination)
	end,
})

-- What the peers do at their callback: two calls, nothing saved.
app:get("/callback", function(req)
	local code, state = req.query.code, req.query.state
	if not code or not state then
		return reply.failed(400, "code or state is missing")
	end
	local token, err = oauth.exchange(config.client(), code, "http://localhost:8888/auth/segment/callback")
	if not token then
		return reply.failed(502, err)
	end
	local destination
	destination, err = enable(segment.new { token = token.access_token }, token.source)
	if not destination then
		return reply.failed(502, err)
	end
	return reply.json(destination)
end)

return app
