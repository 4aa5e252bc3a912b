-- Installs of several authorization servers in one database: each is called at its own and at no other.
local belonging = require "partnerapp.installs.belonging"
local crypto = require "native.crypto"
local db = require "native.db"
local installs = require "partnerapp.installs"
local migrations = require "partnerapp.store.migrations"
local provider = require "provider"
local reply = require "partnerapp.reply"
local rows = require "partnerapp.installs.rows"
local save = require "partnerapp.installs.tests.saved_install"
local tables = require "partnerapp.store.tables"
local testing = require "partnerapp.testing"

local DEMO = { SANDBOX_URL = "http://127.0.0.1:8889" }
local OTHER_API = { SEGMENT_API_URL = "https://eu.platform.example" }

-- Every way in which the library would call Segment for an install.
local WAYS = {
	["its token"] = function(install)
		return install:token()
	end,
	["its client"] = function(install)
		return install:segment():get_destination(provider.SOURCE, "webhooks")
	end,
	["another attempt"] = function(install)
		return install:reconnect()
	end,
}

local function is_not_called(t, install, code, text)
	local network = testing.network({})
	testing.clock.advance(3500)
	for name, call in pairs(WAYS) do
		local value, message, word = call(installs.find(install.id))
		t.equal(value, nil, name)
		t.equal(word, code, name)
		t.contains(message, text, name)
	end
	installs.refresh_due()
	t.equal(#network.calls, 0)
	local shown = installs.public(installs.find(install.id))
	t.equal(shown.health, code)
	t.contains(shown.health_reason, text)
	t.equal(installs.find(install.id).health, "ok", "the row is as it was")
end

testing.case("an install of a demo is not called by an app that is connected to Segment", function(t)
	provider.no_installs()
	testing.settings(DEMO)
	local install = save()
	testing.settings({})
	is_not_called(t, install, "other_server", "belongs to a demo's sandbox and this app is connected to https://id.")
end)

testing.case("an install of Segment is not called by a demo", function(t)
	provider.no_installs()
	local install = save()
	testing.settings(DEMO)
	is_not_called(
		t,
		install,
		"other_server",
		"belongs to https://id.segmentapis.com and this app is connected to a demo's"
	)
end)

testing.case("an install is not called at another API than its own", function(t)
	provider.no_installs()
	local install = save()
	testing.settings(OTHER_API)
	is_not_called(t, install, "other_server", "with the API https://platform.segmentapis.com and this app")
end)

testing.case("the demo's installs are its own when its sandbox listens elsewhere", function(t)
	testing.settings(DEMO)
	local install, _, token = save()
	testing.settings({ SANDBOX_URL = "http://127.0.0.1:9999" })
	t.equal(installs.find(install.id):token(), token)
end)

testing.case("an install whose server is unknown is not called until a person adopts it", function(t)
	provider.no_installs()
	local install, url = save()
	assert(db.exec("UPDATE pa_installs SET server = NULL, api_origin = NULL WHERE id = ?", install.id))
	is_not_called(t, install, "unknown_server", "partnerapp installs adopt " .. install.id)
	testing.settings(DEMO)
	is_not_called(t, install, "unknown_server", ("partnerapp installs adopt %s --demo"):format(install.id))
	testing.settings({})
	t.equal(rows.unknown()[1].id, install.id)
	t.equal(rows.adopt(install.id, belonging.segment()), 1)
	t.equal(rows.adopt(install.id, belonging.segment()), 0, "once")
	local answer, fresh = provider.token()
	testing.network({ [url] = answer })
	t.equal(installs.find(install.id):token(), fresh)
	t.equal(#rows.unknown(), 0)
end)

testing.case("an install whose server is unknown keeps its id when the customer connects again", function(t)
	local install = save()
	assert(db.exec("UPDATE pa_installs SET server = NULL, api_origin = NULL WHERE id = ?", install.id))
	local again, _, token = save({ install_name = install.name })
	t.equal(again.id, install.id)
	t.equal(installs.find(install.id):token(), token)
end)

testing.case("two servers may give equal names to equal clients: each install keeps its own token", function(t)
	local install, _, token = save()
	testing.settings(DEMO)
	local of_demo, _, demo_token = save({ install_name = install.name })
	t.equal(of_demo.id ~= install.id, true)
	t.equal(of_demo:token(), demo_token)
	t.equal(installs.find_by_name(install.name).id, of_demo.id)
	testing.settings({})
	t.equal(installs.find(install.id):token(), token)
	t.equal(installs.find_by_name(install.name).id, install.id, "the app's own before a newer one of another server")
end)

testing.case("a token is renewed with the client it was issued to, and not with another", function(t)
	local install, url, old = save()
	testing.settings({ CLIENT_ID = "another-client" })
	local network = testing.network({ [url] = provider.token() })
	testing.clock.advance(3500)
	t.equal(installs.find(install.id):token(), old, "it is good until it ends")
	t.equal(#network.calls, 0)
	t.contains(
		installs.find(install.id).health_reason,
		"made with the client client-id-of-nobody, and CLIENT_ID is another"
	)
	testing.clock.advance(200)
	local token, message, code = installs.find(install.id):token()
	t.equal(token, nil)
	t.equal(code, "other_client")
	t.contains(message, "set it back, or connect again")
	testing.settings({})
	local answer, fresh = provider.token()
	testing.network({ [url] = answer })
	t.truthy(installs.find(install.id):reconnect())
	t.equal(installs.find(install.id):token(), fresh)
end)

for name, change in pairs({
	["another Segment"] = DEMO,
	["another API"] = OTHER_API,
	["another client"] = { CLIENT_ID = "another-client", CLIENT_SECRET = "its-secret" },
}) do
	testing.case("a code is not sent to " .. name .. " than that of the flow's beginning", function(t)
		local app, seen = provider.app()
		local client = testing.client(app)
		local state = provider.begin(client)
		testing.settings(change)
		local demo_client = { json = { client_id = "c", client_secret = "s" } }
		local network = testing.network({ ["POST http://127.0.0.1:8889/_sandbox/clients"] = demo_client })
		local response = provider.callback(client, { state = state, code = "x" })
		t.equal(response.status, 400)
		t.contains(response.body, "Begun with another Segment")
		for _, call in ipairs(network.calls) do
			t.lacks(call.url, "token")
		end
		t.equal(#seen, 0)
	end)
end

testing.case("an install of another server is not what `install already exists` leads to", function(t)
	local app = provider.app({
		installed = function(_, install)
			return reply.text(install:token() or "none")
		end,
	})
	local client = testing.client(app)
	testing.network({ [provider.TOKEN] = provider.token() })
	t.equal(provider.callback(client, { state = provider.begin(client), code = "x" }).status, 200)
	testing.settings(OTHER_API)
	local refused = { error = "access_denied", error_description = "install already exists" }
	refused.state = provider.begin(client)
	t.equal(provider.callback(client, refused).status, 409)
end)

-- A row as the steps before had it.
local OLD_ROW =
	[[INSERT INTO pa_installs (id, client_id, name, client, redirect_uri, app_name, workspace, source, scope,
	asked_scope, server, access_token, refresh_token, expires_at, renew_at, failures, created_at, updated_at)
	VALUES (?, 'old-client', ?, 'report', 'http://localhost:8888/x', 'apps/1', 'workspaces/w', 'workspaces/w/sources/s',
	'granted', 'asked', ?, ?, ?, 9e9, 8e9, 2, 1, 2)]]

local function sealed(column, id)
	return db.blob(crypto.seal("token of " .. id, "pa_installs." .. column .. ":" .. id))
end

testing.case("ST-10 installs of the version before have their tokens, and those of Segment no known server", function(t)
	assert(db.exec "DROP TABLE pa_installs")
	assert(db.exec "DELETE FROM pa_migrations WHERE module = 'installs'")
	assert(migrations.apply("installs", { table.unpack(tables.installs, 1, 3) }, db.script))
	for id, server in pairs({ a = false, b = "https://id.example" }) do
		local token, refresh = sealed("access_token", id), sealed("refresh_token", id)
		assert(db.exec(OLD_ROW, id, "installs/" .. id, server or nil, token, refresh))
	end
	assert(migrations.apply("installs", tables.installs, db.script))
	local a, b = installs.find "a", installs.find "b"
	t.equal(a.server, nil)
	t.equal(select(3, a:token()), "unknown_server")
	t.equal(b.server, "https://id.example")
	t.equal(b.api_origin, nil)
	t.equal(b:token(), "token of b")
	t.equal(rows.adopt("a", belonging.segment()), 1)
	a = installs.find "a"
	t.equal(a:token(), "token of a")
	local want = { "installs/a", "old-client", "report", "apps/1", "workspaces/w", "granted", "asked", 9e9, 1, 2 }
	local have = { a.name, a.client_id, a.client, a.app_name, a.workspace, a.scope, a.asked_scope, a.expires_at, 1, 2 }
	t.same(have, want)
	local row = db.row "SELECT renew_at, failures, refresh_token IS NOT NULL AS kept FROM pa_installs WHERE id = 'a'"
	t.same({ row.renew_at, row.failures, row.kept }, { 8e9, 2, 1 })
	provider.no_installs()
end)
