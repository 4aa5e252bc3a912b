-- Renewal of the tokens of saved installs: by one worker, and never overwriting a newer token.
local crypto = require "partnerapp.crypto"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"
local provider = require "provider"
local renewal = require "partnerapp.installs.renewal"
local save = require "partnerapp.installs.tests.saved_install"
local testing = require "partnerapp.testing"
local tokens = require "partnerapp.installs.tokens"

testing.case("RT-01 a token is used as it is until fewer than five minutes are left", function(t)
	local install, url, text = save()
	local answer, fresh = provider.token({ install_name = install.name })
	local network = testing.network({ [url] = answer })
	testing.clock.advance(3599 - 301)
	t.equal(install:token(), text)
	t.equal(#network.calls, 0)
	testing.clock.advance(2)
	t.equal(install:token(), fresh)
	t.equal(install:token(), fresh)
	t.equal(#network.calls, 1)
	t.equal(installs.find(install.id):token(), fresh)
end)

testing.case("OA-14 OA-17 a renewal is a GET with the client's credentials, form-encoded", function(t)
	testing.settings({ CLIENT_SECRET = "a+b/c" })
	local install, url = save()
	local network = testing.network({ [url] = provider.token() })
	testing.clock.advance(3500)
	t.truthy(install:token())
	t.same(network.calls[1].basic, { "client-id-of-nobody", "a%2Bb%2Fc" })
	t.equal(network.calls[1].body, nil)
	t.equal(network.calls[1].max_bytes, 1 << 20, "OA-17")
end)

testing.case("RT-07 a 401 brings one renewal, also of a token that seems fresh", function(t)
	local install, url, old = save()
	local answer, fresh = provider.token()
	local one = "GET " .. provider.API .. provider.SOURCE .. "/destinations/webhooks"
	local network = testing.network({
		[url] = answer,
		[one] = function(request)
			return request.bearer == old and { status = 401, json = { error = "malformed token" } }
				or { json = { enabled = true } }
		end,
	})
	t.equal(install:segment():get_destination(provider.SOURCE, "webhooks").enabled, true)
	t.equal(#network.calls, 3)
	t.equal(network.calls[3].bearer, fresh)
	t.equal(install:segment():get_destination(provider.SOURCE, "webhooks").enabled, true)
	t.equal(#network.calls, 4)
end)

testing.case("RT-05 a worker whose token was refused uses the one that another got meanwhile", function(t)
	local install, url, old = save()
	local answer, fresh = provider.token()
	local one = "GET " .. provider.API .. provider.SOURCE .. "/destinations/webhooks"
	local network
	network = testing.network({
		[url] = answer,
		[one] = function(request)
			if request.bearer == old then
				testing.clock.advance(3500)
				t.equal(installs.find(install.id):token(), fresh, "the other worker")
				return { status = 401, json = {} }
			end
			return { json = { enabled = true } }
		end,
	})
	t.equal(install:segment():get_destination(provider.SOURCE, "webhooks").enabled, true)
	local renewals = 0
	for _, call in ipairs(network.calls) do
		renewals = renewals + (call.url:find("/token$") and 1 or 0)
	end
	t.equal(renewals, 1)
end)

testing.case("RT-05 a token that was saved while one was renewed is not overwritten", function(t)
	local install, url = save()
	local newest
	testing.network({
		[url] = function()
			newest = select(3, save({ install_name = install.name }))
			return (provider.token())
		end,
	})
	testing.clock.advance(3500)
	t.equal(install:token(), newest)
	t.equal(installs.find(install.id):token(), newest)
end)

testing.case("RT-08 a permanent refusal marks the install, and is not asked for again", function(t)
	for _, answer in ipairs({
		{ status = 404, json = { error = "install not found", code = 5 } },
		{ status = 401, json = { error = "bad credentials", code = 16 } },
	}) do
		local install, url = save()
		local network = testing.network({ [url] = answer })
		testing.clock.advance(3500)
		t.equal(select(3, install:token()), "permanent")
		local found = installs.find(install.id)
		t.equal(found.health, "needs_reconnect")
		t.contains(found.health_reason, answer.json.error)
		t.equal(select(3, found:token()), "needs_reconnect")
		t.equal(#network.calls, 1)
		save({ install_name = install.name })
		t.equal(installs.find(install.id).health, "ok", "connecting again heals it")
		testing.network({})
	end
end)

testing.case("RT-08 a refusal of the old token does not mark one that came meanwhile", function(t)
	local install, url = save()
	testing.network({
		[url] = function()
			save({ install_name = install.name })
			return { status = 404, json = { error = "gone" } }
		end,
	})
	testing.clock.advance(3500)
	install:token()
	t.equal(installs.find(install.id).health, "ok")
end)

for name, answer in pairs({
	["a timeout"] = function()
		return nil, "no answer", "timeout"
	end,
	["a 503"] = { status = 503, body = "upstream connect error" },
	["a 429"] = { status = 429, json = { error = "too many", code = 8 } },
	["HTML"] = { body = "<html>", headers = { ["content-type"] = "text/html" } },
	["a token of another type"] = { json = { access_token = "x", token_type = "mac" } },
}) do
	testing.case("RT-14 when a renewal meets " .. name .. ", the old token is used until it ends", function(t)
		local install, url, old = save()
		testing.network({ [url] = answer })
		testing.clock.advance(3500)
		t.equal(install:token(), old)
		t.equal(installs.find(install.id).health, "renewing")
		t.truthy(#installs.find(install.id).health_reason > 5, "it says why")
		testing.clock.advance(200)
		local got, message, code = install:token()
		t.equal(got, nil)
		t.truthy(message and code)
		local good, fresh = provider.token()
		testing.network({ [url] = good })
		testing.clock.advance(10) -- the longest pause after two failures
		t.equal(install:token(), fresh, "it heals by itself")
		t.equal(installs.find(install.id).health, "ok")
		t.equal(installs.find(install.id).health_reason, nil)
	end)
end

testing.case("RT-01 the background renews at a tenth of the lifetime before the end, five minutes at least", function(t)
	for lifetime, ahead in pairs({ [3600] = 360, [600] = 300, [36000] = 3600 }) do
		local least, most = math.huge, 0
		for _ = 1, 200 do
			local left = lifetime - (renewal.due_at(1000, lifetime) - 1000)
			least, most = math.min(least, left), math.max(most, left)
		end
		t.truthy(least >= ahead * 0.9 and most <= ahead * 1.1, ("%g to %g of %d"):format(least, most, lifetime))
		t.truthy(most - least > ahead * 0.05, "with jitter")
	end
	t.equal(renewal.due_at(0, 100), 50.0, "a short one is not renewed all the time")
end)

testing.case("RT-01 refresh_due renews only what is due", function(t)
	provider.no_installs()
	local early, early_url = save()
	testing.clock.advance(2000)
	local late, late_url = save()
	local answer, fresh = provider.token()
	local network = testing.network({ [early_url] = answer, [late_url] = provider.token() })
	t.equal(installs.refresh_due(), 0)
	testing.clock.advance(3599 - 2000 - 320)
	t.equal(installs.refresh_due(), 1)
	t.equal(#network.calls, 1)
	t.equal(early:token(), fresh)
	t.equal(installs.refresh_due(), 0)
	t.truthy(late:token())
	t.equal(#network.calls, 1)
end)

testing.case("RT-09 failed renewals are tried again later and later, at most every 15 minutes", function(t)
	provider.no_installs()
	local install, url = save()
	local calls = {}
	testing.network({
		[url] = function()
			calls[#calls + 1] = testing.clock.now()
			return { status = 503 }
		end,
	})
	testing.clock.advance(3599 - 290)
	for _ = 1, 5 do
		t.truthy(install:token())
	end
	t.truthy(#calls <= 2, #calls .. " calls at once")
	local last = calls[#calls]
	for _ = 1, 1200 do
		testing.clock.advance(10)
		installs.refresh_due()
	end
	local longest = 0
	for i = 2, #calls do
		longest = math.max(longest, calls[i] - calls[i - 1])
	end
	t.truthy(longest > 60 and longest <= 910, "the longest pause was " .. longest)
	t.truthy(#calls > 10 and #calls < 150, #calls .. " calls in three hours")
	t.truthy(calls[#calls] > last)
	t.equal(installs.find(install.id).health, "renewing")
end)

testing.case("RT-10 a Retry-After of the renewal is honoured", function(t)
	provider.no_installs()
	local install, url = save()
	local network = testing.network({ [url] = { status = 429, headers = { ["Retry-After"] = "1200" } } })
	testing.clock.advance(3599 - 290)
	installs.refresh_due()
	t.equal(#network.calls, 1)
	testing.clock.advance(1190)
	installs.refresh_due()
	t.equal(#network.calls, 1)
	testing.clock.advance(20)
	installs.refresh_due()
	t.equal(#network.calls, 2)
	t.equal(installs.find(install.id).health, "renewing")
end)

testing.case("RT-09 RT-10 when the token has ended too, calls do not ask more often than that", function(t)
	for headers, pause in pairs({ [{ ["Retry-After"] = "1200" }] = 1200, [{}] = 5 }) do
		local install, url = save()
		local network = testing.network({ [url] = { status = 429, headers = headers } })
		testing.clock.advance(3600)
		t.equal(select(3, install:token()), "upstream")
		for _ = 1, 20 do
			local got, message, code = install:token()
			t.equal(got, nil)
			t.equal(code, "upstream")
			t.contains(message, "429")
		end
		t.truthy(#network.calls == 1 or pause == 5 and #network.calls <= 5, #network.calls .. " calls")
		testing.clock.advance(pause)
		local good, fresh = provider.token()
		testing.network({ [url] = good })
		t.equal(install:token(), fresh)
	end
end)

testing.case("RT-11 a pause from before the clock was set back does not count", function(t)
	local install, url = save()
	testing.network({ [url] = { status = 503, headers = { ["Retry-After"] = "600" } } })
	testing.clock.advance(3600)
	t.equal(install:token(), nil)
	testing.clock.advance(-7200)
	local good, fresh = provider.token()
	testing.network({ [url] = good })
	t.equal(renewal.after(install, install.version), fresh, "as after a 401")
end)

testing.case("RT-08 refresh_due leaves alone what needs to be connected again; reconnect tries once more", function(t)
	provider.no_installs()
	local install, url = save()
	local network = testing.network({ [url] = { status = 401, json = { error = "bad credentials", code = 16 } } })
	testing.clock.advance(3500)
	installs.refresh_due()
	testing.clock.advance(36000)
	installs.refresh_due()
	t.equal(#network.calls, 1)
	local found = installs.find(install.id)
	t.equal(found.health, "needs_reconnect")
	t.equal(select(3, found:reconnect()), "permanent")
	t.equal(#network.calls, 2)
	t.equal(installs.find(install.id).health, "needs_reconnect")
	local good, fresh = provider.token()
	testing.network({ [url] = good })
	t.equal(found:reconnect(), true)
	t.equal(installs.find(install.id).health, "ok")
	t.equal(found:token(), fresh)
end)

testing.case("RT-11 a lease from before the clock was set back does not count", function(t)
	local install, url = save()
	testing.network({
		[url] = function()
			error("the worker dies")
		end,
	})
	testing.clock.advance(7200)
	t.raises(function()
		install:token()
	end, "the worker dies")
	testing.clock.advance(-3700)
	local answer, fresh = provider.token()
	testing.network({ [url] = answer })
	t.equal(install:token(), fresh)
end)

testing.case("RT-11 two hours forward and back again: one renewal each way at most, and no stall", function(t)
	local install, url = save()
	local network = testing.network({
		[url] = function()
			return (provider.token())
		end,
	})
	testing.clock.advance(7200)
	for _ = 1, 5 do
		t.truthy(install:token())
	end
	t.equal(#network.calls, 1)
	testing.clock.advance(-7200)
	for _ = 1, 5 do
		t.truthy(install:token())
		installs.refresh_due()
	end
	t.truthy(#network.calls <= 2)
end)

testing.case("RT-04 the lease of a worker that died is free after a while", function(t)
	local install, url = save()
	testing.network({
		[url] = function()
			error("the worker dies")
		end,
	})
	testing.clock.advance(3500)
	t.raises(function()
		install:token()
	end, "the worker dies")
	local answer, fresh = provider.token()
	testing.network({ [url] = answer })
	testing.clock.advance(31)
	t.equal(install:token(), fresh)
end)

testing.case("RT-04 the lease lasts for the longest call and both attempts to save", function(t)
	local install, url = save()
	local taken
	testing.network({
		[url] = function()
			testing.clock.advance(15 + 2 * 5)
			taken = tokens.take_lease(install, install.version, testing.clock.now(), 30)
			return (provider.token())
		end,
	})
	testing.clock.advance(3500)
	t.truthy(install:token())
	t.equal(taken, false, "by another worker")
end)

testing.case("the token of a deleted install is a failure, not a raise", function(t)
	local install = save()
	install.id = "gone"
	t.equal(select(3, install:token()), "not_found")
end)

testing.case("LG-01 renewals are logged without a token", function(t)
	local install, url, old = save()
	local answer, fresh = provider.token()
	testing.network({ [url] = answer })
	testing.clock.advance(3500)
	install:token()
	local text = json.encode(testing.log())
	t.contains(text, "token renewed")
	t.lacks(text, old)
	t.lacks(text, fresh)
	t.lacks(text, crypto.base64(old))
end)

testing.case(
	"RT-04 a renewal that ends because the server stops does not count as failed: another server renews at once",
	function(t)
		local install, url, old = save()
		testing.network({
			[url] = function()
				return nil, "the server stops", "cancelled"
			end,
		})
		testing.clock.advance(3400)
		t.equal(install:token(), old)
		t.equal(installs.find(install.id).health, "ok")
		local answer, fresh = provider.token()
		testing.network({ [url] = answer })
		t.equal(installs.find(install.id):token(), fresh)
	end
)
