-- Saved installs, and their tokens: sealed, renewed by one, never overwritten by an older one.
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local provider = require "provider"
local renewal = require "partnerapp.installs.renewal"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"
local token = require "partnerapp.oauth.token_answer"

local RENEWAL = "GET " .. provider.API .. "installs/"

local ORIGIN = {
	client = { id = "client-id-of-nobody" },
	scope = "destination/google-analytics",
	redirect_uri = "http://localhost:8888/auth/segment/callback",
}

-- A saved install and where its token is renewed.
local function save(changes, origin)
	local answer = provider.token(changes)
	local install = assert(installs.save(assert(token.check(answer.json)), origin or ORIGIN))
	return install, RENEWAL .. (install.name:match("%d+$") or "") .. "/token", answer.json.access_token
end

testing.case("what is saved is there, with its times", function(t)
	local install = save({ install_name = "installs/1001" })
	local found = installs.find(install.id)
	t.equal(found.name, "installs/1001")
	t.equal(found.workspace, "workspaces/business")
	t.equal(found.source, provider.SOURCE)
	t.equal(found.app_name, "apps/2")
	t.equal(found.health, "ok")
	t.truthy(math.abs(found.expires_at - testing.clock.now() - 3599) < 5)
	t.equal(installs.find("unknown"), false)
end)

testing.case("an install that is connected again keeps its id and gets its new token", function(t)
	local first = save({ install_name = "installs/1002" })
	local before = installs.count()
	local second, _, text = save({ install_name = "installs/1002", scope = "workspace" })
	t.equal(second.id, first.id)
	t.equal(installs.count(), before)
	t.equal(first:token(), text)
	t.equal(installs.find(first.id).scope, "workspace")
	local other = save({ install_name = "installs/1002" }, {
		client = { id = "another" },
		scope = "workspace",
		redirect_uri = "http://localhost:8888/x",
	})
	t.truthy(other.id ~= first.id, "the same name at another client is another install")
end)

testing.case("two installs without a name are two", function(t)
	t.truthy(save({ install_name = "absent" }).id ~= save({ install_name = "absent" }).id)
end)

testing.case("an id does not look like an option of the command line", function(t)
	for _ = 1, 300 do
		t.match(save({ install_name = "absent" }).id, "^[%w_][%w_-]+$")
	end
end)

testing.case("SBX-13 a list has the newest first, and what scripts see has no token", function(t)
	assert(require("native.db").exec "DELETE FROM pa_installs") -- other cases have made some at later times of their own
	local install, _, text = save()
	local list = installs.all()
	t.equal(list[1].id, install.id)
	local shown = json.encode(installs.public(list[1]))
	t.lacks(shown, text)
	t.contains(shown, '"token":"***"')
	t.match(installs.public(list[1]).expires_at, "^%d%d%d%d%-%d%d%-%d%dT")
end)

testing.case("SBX-12 what a script is given keeps the library's metatables from it", function(t)
	local app = partnerapp.new({})
	app:get("/", function(req)
		return reply.text(tostring(getmetatable(req)))
	end)
	local install = save()
	t.equal(testing.client(app):get("/").body, "false")
	t.equal(getmetatable(app), false)
	t.equal(getmetatable(install), false)
	t.equal(getmetatable(install:segment()), false)
end)

testing.case("ST-12 a script cannot read the library's tables through SQL", function(t)
	save()
	installs.count()
	assert(db.exec("CREATE VIEW seen AS SELECT * FROM pa_installs"))
	for _, sql in ipairs({
		"SELECT count(*) AS count FROM pa_installs", -- word for word what the library asked a moment ago
		"SELECT * FROM seen",
		"SELECT * FROM pa_installs",
		"SELECT access_token FROM PA_INSTALLS",
		'SELECT * FROM "pa_installs"',
		"SELECT * FROM main.pa_installs",
		"SELECT count(*) FROM (SELECT 1 FROM pa_claims)",
		"WITH x AS (SELECT * FROM pa_sessions) SELECT * FROM x",
	}) do
		local rows, _, code = db.query(sql)
		t.equal(rows, nil, sql)
		t.equal(code, "denied", sql)
	end
	for _, sql in ipairs({
		"DELETE FROM pa_installs",
		"UPDATE pa_installs SET health = 'x'",
		"DROP TABLE pa_installs",
		"CREATE TABLE copy AS SELECT * FROM pa_installs",
		"CREATE TRIGGER t AFTER UPDATE ON pa_installs BEGIN SELECT 1; END",
		"CREATE INDEX i ON pa_installs (access_token)",
		"ALTER TABLE pa_installs RENAME TO mine",
		"ATTACH 'x' AS y",
	}) do
		t.equal(db.exec(sql), nil, sql)
	end
	assert(db.exec("DROP VIEW seen"))
end)

testing.case("SBX-09 a query makes no value that no script could hold", function(t)
	local rows, err = db.query("SELECT zeroblob(900000000) AS large")
	t.equal(rows, nil)
	t.contains(err, "too big")
end)

testing.case("SBX-10 a pattern of LIKE or GLOB does not end the process", function(t)
	for _, operator in ipairs({ "LIKE", "GLOB" }) do
		local pattern = (operator == "LIKE" and "%a" or "*a"):rep(24000) .. "b"
		local rows, err = db.query("SELECT ? " .. operator .. " ? AS found", ("a"):rep(100000), pattern)
		t.equal(rows, nil)
		t.contains(err, "too complex")
	end
	t.equal(db.row("SELECT 'an install' LIKE ? AS found", "%" .. "in" .. "%").found, 1)
end)

testing.case("a failure in a coroutine that is never closed holds no connection", function(t)
	local held = coroutine.create(function()
		db.transaction(function()
			error("inside a transaction")
		end)
	end)
	local ok, err = coroutine.resume(held)
	t.equal(ok, false)
	t.contains(err, "inside a transaction")
	t.equal(coroutine.status(held), "dead")
	t.equal(
		db.transaction(function()
			return 1
		end),
		1
	)
end)

testing.case("ST-12 values are bound, so names cannot be SQL", function(t)
	local before = installs.count()
	t.equal(installs.find("' OR '1'='1"), false)
	t.equal(installs.find("x'; DELETE FROM pa_installs; --"), false)
	t.equal(installs.count(), before)
end)

-- Renewal

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

testing.case("OA-14 a renewal is a GET with the client's credentials, form-encoded", function(t)
	testing.settings({ CLIENT_SECRET = "a+b/c" })
	local install, url = save()
	local network = testing.network({ [url] = provider.token() })
	testing.clock.advance(3500)
	t.truthy(install:token())
	t.same(network.calls[1].basic, { "client-id-of-nobody", "a%2Bb%2Fc" })
	t.equal(network.calls[1].body, nil)
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
	["a token without a type"] = { json = { access_token = "x" } },
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

-- For cases that look at all installs: deletes those of other cases.
local function alone()
	for _, install in ipairs(installs.all()) do
		assert(install:disconnect())
	end
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
	alone()
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
	alone()
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
	alone()
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
	alone()
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

testing.case("pages have every install once, newest first, also of one moment", function(t)
	alone()
	local made = {}
	for i = 1, 7 do
		made[i] = save().id
		if i % 3 == 0 then
			testing.clock.advance(1)
		end
	end
	local seen, from = {}, nil
	repeat
		local list
		list, from = installs.page(2, from)
		t.truthy(#list <= 2)
		for _, install in ipairs(list) do
			t.equal(seen[install.id], nil)
			seen[install.id] = true
			seen[#seen + 1] = install.created_at
		end
	until not from
	t.equal(#seen, 7)
	for i = 2, 7 do
		t.truthy(seen[i] <= seen[i - 1])
	end
	for _, id in ipairs(made) do
		t.truthy(seen[id])
	end
	for _, bad in ipairs({ "", "x", "1 '", "1" }) do
		t.equal(select(3, installs.page(2, bad)), "usage")
	end
	t.equal(#installs.page(0), 1)
end)

testing.case("RT-13 a disconnected install is gone, with its token", function(t)
	local install = save()
	local before = installs.count()
	t.equal(install:disconnect(), true)
	t.equal(installs.find(install.id), false)
	t.equal(installs.count(), before - 1)
	t.equal(select(3, install:token()), "not_found")
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
