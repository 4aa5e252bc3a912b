-- Lists of SQL steps (ST-10): what was applied is counted, a step that fails leaves nothing, a newer list is refused.
local db = require "native.db"
local migrations = require "partnerapp.store.migrations"
local testing = require "partnerapp.testing"

local ONE, TWO = "CREATE TABLE mt_a (n BIGINT); INSERT INTO mt_a (n) VALUES (1)", "ALTER TABLE mt_a ADD COLUMN m BIGINT"

local function applied(module)
	return db.row("SELECT count(*) AS n FROM pa_migrations WHERE module = ?", module).n
end

testing.case("ST-10 steps are applied once, in their order", function(t)
	t.equal(migrations.apply("mt1", { ONE }, db.script), true)
	t.equal(migrations.apply("mt1", { ONE }, db.script), true)
	t.equal(applied "mt1", 1)
	t.equal(migrations.apply("mt1", { ONE, TWO }, db.script), true)
	t.equal(applied "mt1", 2)
	t.same(db.row "SELECT n, m FROM mt_a", { n = 1 })
end)

testing.case("ST-10 a step that fails is not counted and leaves nothing; the steps before it stay", function(t)
	local steps = { "CREATE TABLE mt_b (n BIGINT)", "CREATE TABLE mt_c (n BIGINT); CREATE TABL mt_d (n BIGINT)" }
	local ok, err, code = migrations.apply("mt2", steps, db.script)
	t.equal(ok, nil)
	t.contains(err, "TABL")
	t.equal(code, "syntax")
	t.equal(applied "mt2", 1)
	t.equal(select(3, db.row "SELECT n FROM mt_c"), "syntax", "no such table")
	steps[2] = "CREATE TABLE mt_c (n BIGINT)"
	t.equal(migrations.apply("mt2", steps, db.script), true)
	t.equal(applied "mt2", 2)
end)

testing.case("ST-09 a database that a newer program wrote is refused", function(t)
	t.equal(migrations.apply("mt3", { "SELECT 1", "SELECT 2" }, db.script), true)
	local ok, err, code = migrations.apply("mt3", { "SELECT 1" }, db.script)
	t.equal(ok, nil)
	t.contains(err, "newer version of this program (mt3: step 2, known 1)")
	t.equal(code, "newer")
end)

testing.case("a step is the last thing before the commit, so that one that spends the CPU budget is kept", function(t)
	local order = {}
	local ok = migrations.apply("mt4", { "SELECT 1" }, function(sql)
		order[#order + 1] = applied "mt4"
		return db.script(sql)
	end)
	t.equal(ok, true)
	t.same(order, { 1 }, "the step is recorded before it runs, in the same transaction")
end)

testing.case("steps that are no strings raise at the line of the app", function(t)
	t.raises(function()
		migrations.apply("mt5", { 5 }, db.script)
	end, "migrate: step 1 must be a string of SQL")
	t.raises(function()
		migrations.apply("mt5", "SELECT 1", db.script)
	end, "migrate: the steps must be a list of SQL scripts")
end)

testing.case("ST-12 a step of an app may not touch the library's tables", function(t)
	local ok, _, code = require("partnerapp.db").migrate("mt6", { "DROP TABLE pa_migrations" })
	t.equal(ok, nil)
	t.equal(code, "denied")
end)
