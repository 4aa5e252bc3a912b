-- What an app's `installed` raises or returns, after the install was saved.
local cookie = require "partnerapp.web.cookie"
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local install_with = provider.install_with

testing.case("when what follows raises, the developer sees where, and the browser owns the install", function(t)
	local client, response, app = install_with(function()
		error("a bug in installed")
	end)
	t.equal(response.status, 500)
	t.contains(response.body, "a bug in installed")
	t.contains(response.body, "tests/installed_test.lua")
	t.equal(client:get("/installs/" .. app.installs:all()[1].id).status, 200)
	testing.settings({ PUBLIC_URL = "https://app.example" })
	response = select(
		2,
		install_with(function()
			error("a bug in installed")
		end)
	)
	t.equal(response.status, 500)
	t.lacks(response.body, "a bug in installed")
end)

testing.case(
	"when what follows returns no response, the developer sees which function, and the browser owns the install",
	function(t)
		for what, value in pairs { ["a string"] = "done", ["a table without a status"] = {}, ["a boolean"] = false } do
			local client, response, app = install_with(function()
				return value
			end)
			t.equal(response.status, 500, what)
			t.match(response.body, "tests/installed_test%.lua:%d+: installed of /auth/segment returned " .. what)
			t.equal(client:get("/installs/" .. app.installs:all()[1].id).status, 200, what)
		end
	end
)

testing.case("what follows fails with a table: it is shown", function(t)
	local _, response = install_with(function()
		return nil, { code = 7 }
	end)
	t.contains(response.body, "what follows it failed: { code = 7 }")
	_, response = install_with(function()
		error { code = 8 }
	end)
	t.contains(response.body, "{ code = 8 }")
end)

testing.case("when what follows refuses, that is the answer, shaped by the app", function(t)
	local client, response = install_with(function()
		partnerapp.refuse(402, "Pay first.")
	end)
	t.equal(response.status, 402)
	t.contains(response.body, "Pay first.")
	t.truthy(client.cookies[cookie.name "session"])
	client, response = install_with(function()
		return reply.failed(502, "The product does not answer.")
	end)
	t.equal(response.status, 502)
	t.contains(response.body, "The product does not answer.")
	t.truthy(client.cookies[cookie.name "session"])
end)
