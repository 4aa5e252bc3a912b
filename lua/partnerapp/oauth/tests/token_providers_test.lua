-- Token answers of other servers than Segment's, as their documentation prints them (TO-03): one case for each answer.
local answers = require "partnerapp.oauth.tests.token_answers"
local errors = require "partnerapp.oauth.tests.token_errors"
local installs = require "partnerapp.installs"
local provider = require "provider"
local testing = require "partnerapp.testing"

local TOKEN = "POST https://id.example/token"
local OPTIONS = { headers = { accept = "application/json" } }

local function server_with(changes)
	local server = {
		issuer = "https://id.example",
		authorize_url = "https://id.example/auth",
		token_url = "https://id.example/token",
	}
	for name, value in pairs(changes or {}) do
		server[name] = value
	end
	return server
end

-- What a callback of an app with that server responds, and the install that came of it.
local function flow(answer, changes)
	local app, seen = provider.app { scope = "asked", server = server_with(changes) }
	local client = testing.client(app)
	testing.network { [TOKEN] = answer }
	local state = provider.begin(client)
	return provider.callback(client, { state = state, code = "code-of-the-case" }, OPTIONS), seen[1]
end

local function answer_of(status, kind, body)
	return { status = status, headers = kind and { ["content-type"] = kind }, body = body }
end

local function life_of(install)
	return install.expires_at and math.floor(install.expires_at - install.updated_at + 0.5) or nil
end

for _, case in ipairs(answers.given) do
	local what, status, kind, body, want, changes = table.unpack(case, 1, 6)
	testing.case("TO-03 OA-17 a token of " .. what, function(t)
		provider.no_installs()
		local response, install = flow(answer_of(status, kind, body), changes)
		t.truthy(install, response.body)
		t.equal(install.scope, want.scope)
		t.equal(life_of(install), want.life)
		t.match(install.name, "^local/")
		t.equal(install:token(), want.token)
		-- A token without an end is given out as long as its install is there, and one with an end is renewed.
		testing.clock.advance(want.life or 100 * 365 * 24 * 3600)
		local network = testing.network {
			[TOKEN] = { json = { access_token = "the-next-one", token_type = "bearer" } },
		}
		if not want.life then
			t.equal(install:token(), want.token)
			t.equal(installs.refresh_due(), 0)
			t.equal(installs.find(install.id).health, "ok")
		elseif want.renews then
			t.equal(install:token(), "the-next-one")
			t.equal((network.calls[1].form or network.calls[1].json).refresh_token, want.renews)
		else
			t.equal(select(3, install:token()), "permanent")
		end
	end)
end

for _, case in ipairs(errors) do
	local what, status, kind, body, ending, says, health = table.unpack(case, 1, 7)
	testing.case("TO-03 OA-19 in place of a token, " .. what, function(t)
		local response, install = flow(answer_of(status, kind, body))
		t.equal(install, nil)
		t.equal(response.json().error, ending)
		if ending ~= "invalid_credentials" then
			t.contains(response.body, says)
		end
		t.lacks(response.body, "code-of-the-case")
	end)
	testing.case("TO-03 RT-08 in place of a renewed token, " .. what, function(t)
		local first = { json = { access_token = "the-first", refresh_token = "its-renewal", expires_in = 600 } }
		first.json.token_type = "bearer"
		local _, install = flow(first)
		testing.clock.advance(700)
		local network = testing.network { [TOKEN] = answer_of(status, kind, body) }
		t.equal(install:token(), nil)
		local kept = installs.find(install.id)
		t.equal(kept.health, health)
		t.contains(kept.health_reason, says)
		t.equal(install:token(), nil)
		t.equal(#network.calls, 1)
	end)
end

-- An install whose token does not expire, and a refresh token for it.
local function endless(refresh_token)
	local json = { access_token = "the-first", refresh_token = refresh_token, token_type = "bearer" }
	local _, install = flow { json = json }
	return install
end

testing.case("TO-03 a token without an end is renewed when the app asks for it, by one of its workers", function(t)
	local install = endless "its-renewal"
	local other = installs.find(install.id)
	t.equal(installs.public(install).expires_at, require("partnerapp.json").null)
	testing.clock.advance(7200)
	local network = testing.network {
		[TOKEN] = { json = { access_token = "the-second", token_type = "bearer", expires_in = 7200 } },
	}
	t.equal(install:reconnect(), true)
	t.equal(install:token(), "the-second")
	t.equal(other:reconnect(), true, "the token that it had was renewed meanwhile")
	t.equal(#network.calls, 1)
	t.equal(life_of(installs.find(install.id)), 7200)
end)

testing.case(
	"TO-03 RT-08 a token without an end that was refused, and cannot be renewed, needs a new connection",
	function(t)
		local install = endless()
		testing.network {}
		t.equal(select(3, install:reconnect()), "permanent")
		t.equal(select(3, install:token()), "needs_reconnect")
		t.equal(installs.find(install.id).health, "needs_reconnect")
	end
)

testing.case("RT-09 a token without an end is given out while its renewal is tried again", function(t)
	local install = endless "its-renewal"
	testing.network { [TOKEN] = { status = 503 } }
	t.equal(select(3, install:reconnect()), "unavailable")
	t.equal(install:token(), "the-first")
	testing.clock.advance(10)
	provider.no_installs(install.id)
	testing.network { [TOKEN] = { json = { access_token = "the-second" } } }
	t.equal(installs.refresh_due(), 1)
	t.equal(install:token(), "the-second")
	t.equal(installs.find(install.id).health, "ok")
end)

for what, answer in pairs {
	["a refusal without a known word"] = { status = 400, json = { error = "out_of_order" } },
	["a page"] = { status = 404, body = "<html>" },
	["an answer without a token"] = { json = {} },
} do
	testing.case("TO-03 RT-08 a renewal that meets " .. what .. " for a day is given up", function(t)
		local _, install =
			flow { json = { access_token = "the-first", refresh_token = "its-renewal", expires_in = 60 } }
		local network = testing.network { [TOKEN] = answer }
		for _ = 1, 120 do
			testing.clock.advance(3600)
			t.equal(install:token(), nil)
		end
		t.equal(#network.calls, 100)
		t.equal(installs.find(install.id).health, "needs_reconnect")
	end)
end

testing.case("RT-09 a renewal that meets a server in trouble is not given up", function(t)
	local _, install = flow { json = { access_token = "the-first", refresh_token = "its-renewal", expires_in = 60 } }
	local network = testing.network { [TOKEN] = { status = 503 } }
	for _ = 1, 120 do
		testing.clock.advance(3600)
		t.equal(install:token(), nil)
	end
	t.equal(#network.calls, 120)
	t.equal(installs.find(install.id).health, "renewing")
end)
