-- The app that is measured, written like any partner's.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local segment = require "partnerapp.segment"

local app = partnerapp.new {
	destination = "clearbrain",
	env = { UPSTREAM_CLIENT_ID = "cid", UPSTREAM_CLIENT_SECRET = "a-secret-of-a-client" },
}

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

local function exchange(code)
	local response, err = http.post(config.segment_id_url .. "/oauth2/token", {
		basic = { app.env.UPSTREAM_CLIENT_ID, app.env.UPSTREAM_CLIENT_SECRET },
		form = {
			{ "grant_type", "authorization_code" },
			{ "code", code },
			{ "redirect_uri", "http://localhost:8888/auth/segment/callback" },
		},
	})
	local token = response and response.status == 200 and response.json()
	if type(token) ~= "table" then
		return nil, err or "the token endpoint answered " .. response.status
	end
	return token
end

-- What the peers do at their callback: two calls, nothing saved.
app:get("/callback", function(req)
	local code, state = req.query.code, req.query.state
	if not code or not state then
		return reply.failed(400, "code or state is missing")
	end
	local token, err = exchange(code)
	if not token then
		return reply.failed(502, err)
	end
	local destination
	destination, err = enable(segment.new { token = token.access_token }, token.source_names[1])
	if not destination then
		return reply.failed(502, err)
	end
	return reply.json(destination)
end)

-- The store by itself: an install like those of the flow, saved durably.
local ORIGIN = { client = { id = "cid" }, scope = "destination/clearbrain", redirect_uri = "http://localhost:8888/x" }

app:get("/store/save", function()
	local install, err = installs.save({
		access_token = partnerapp.random(32),
		expires_in = 3600,
		name = "installs/" .. partnerapp.random(9):gsub("[_-]", "0"),
		app_name = "apps/1",
		workspace = "workspaces/business",
		source = "workspaces/business/sources/js",
		scope = "destination/clearbrain",
	}, ORIGIN)
	return install and reply.text(install.id) or reply.failed(503, err)
end)

app:get("/store/find/:id", function(req)
	local install = app.installs:find(req.params.id)
	return install and reply.json(app.installs:public(install)) or reply.failed(404, "none")
end)

app:get("/store/page", function()
	local ids = json.array {}
	for i, install in ipairs(assert(app.installs:page(50))) do
		ids[i] = install.id
	end
	return reply.json(ids)
end)

app:get("/store/count", function()
	return reply.text(tostring(app.installs:count()))
end)

return app
