-- Lists of SQL steps (ST-10): what was applied is counted, a step that fails leaves nothing, a newer list is refused.
local db = require "native.db"
local migrate = require("partnerapp.db").migrate
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
		migrate("mt5", { 5 })
	end, "migrate: step 1 must be a string of SQL, not a number")
	t.raises(function()
		migrate("mt5", "SELECT 1")
	end, "migrate: the steps must be a list of SQL scripts, not a string")
	t.raises(function()
		migrate("mt5", { first = "SELECT 1" })
	end, "migrate: the steps must be a list, which has no 'first'")
	t.raises(function()
		migrate(nil, {})
	end, "migrate: the name of the list of steps must be a string, not a nil")
end)

testing.case("ST-12 a step of an app may not touch the library's tables", function(t)
	t.raises(function()
		migrate("mt6", { "DROP TABLE pa_migrations" })
	end, "migrate 'mt6': ")
	t.equal(select(3, migrations.apply("mt6", { "DROP TABLE pa_migrations" }, db.guarded.script)), "denied")
end)

testing.case("a migration that fails raises with the step and the database's message", function(t)
	t.raises(function()
		migrate("mt7", { "CREATE TABLE mt_e (n BIGINT)", "CREATE TABL mt_f (n BIGINT)" })
	end, "migrations_test.lua:")
	local err = t.raises(function()
		migrate("mt7", { "CREATE TABLE mt_e (n BIGINT)", "CREATE TABL mt_f (n BIGINT)" })
	end)
	t.match(err, "db.migrate 'mt7': step 2: .*TABL")
end)

testing.case("a step that was edited after it was applied is noticed, and told what to do", function(t)
	t.equal(migrate("mt8", { "CREATE TABLE mt_g (n BIGINT)", "SELECT 1" }), true)
	local err = t.raises(function()
		migrate("mt8", { "CREATE TABLE mt_g (n BIGINT, m BIGINT)", "SELECT 1" })
	end, "db.migrate 'mt8': step 1 was edited after it was applied (20")
	t.contains(err, "put the step back as it was and append the change as a new step")
	local edited = { "SELECT 2" }
	t.equal(select(3, migrations.apply("mt9", { "SELECT 1" }, db.script)), nil)
	t.equal(select(3, migrations.apply("mt9", edited, db.script)), "edited")
	t.equal(migrate("mt8", { "CREATE TABLE\n\tmt_g (n BIGINT)\n", " SELECT  1" }), true, "white space does not count")
end)

testing.case("steps that were applied before there were hashes get those of the list", function(t)
	t.truthy(db.exec "ALTER TABLE pa_migrations RENAME TO pa_kept")
	t.truthy(db.exec [[CREATE TABLE pa_migrations (module TEXT NOT NULL, step BIGINT NOT NULL,
		applied_at TEXT NOT NULL, PRIMARY KEY (module, step))]])
	t.truthy(db.exec "INSERT INTO pa_migrations VALUES ('app:mt10', 1, '2018-01-01'), ('other', 1, '2018-01-01')")
	t.truthy(db.exec "CREATE TABLE mt_h (n BIGINT)")
	local steps = { "CREATE TABLE mt_h (n BIGINT)", "ALTER TABLE mt_h ADD COLUMN m BIGINT" }
	t.equal(migrate("mt10", steps), true)
	t.equal(applied "app:mt10", 2)
	t.equal(applied "other", 1)
	t.truthy(db.query "SELECT n, m FROM mt_h", "the second step was applied, and the first not again")
	t.equal(db.row("SELECT count(*) AS n FROM pa_migrations WHERE hash IS NULL").n, 1, "of the other list")
	t.raises(function()
		migrate("mt10", { "CREATE TABLE mt_h (k BIGINT)", steps[2] })
	end, "step 1 was edited after it was applied (2018-01-01)")
	t.truthy(db.exec "DROP TABLE pa_migrations")
	t.truthy(db.exec "ALTER TABLE pa_kept RENAME TO pa_migrations")
end)
