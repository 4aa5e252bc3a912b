-- Saved installs: what is kept, what scripts see of them, and in which order.
local db = require "partnerapp.db"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local provider = require "provider"
local reply = require "partnerapp.reply"
local save = require "partnerapp.installs.tests.saved_install"
local testing = require "partnerapp.testing"

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

testing.case("pages have every install once, newest first, also of one moment", function(t)
	provider.no_installs()
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
