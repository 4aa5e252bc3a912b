-- SQL of an app that tries to reach the library's tables: one row for each way. What is allowed is here too.
local db = require "partnerapp.db"
local library = require "native.db"
local save = require "partnerapp.installs.tests.saved_install"
local testing = require "partnerapp.testing"

local function prepare()
	save()
	assert(db.migrate("access", {
		"CREATE TABLE IF NOT EXISTS mine (id TEXT PRIMARY KEY, copy BLOB)",
		"CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT)",
	}))
end

-- The library still finds and deletes installs, and nothing of them is in the app's table.
local function check_library(t, sql)
	local install = save()
	t.equal(#library.query("SELECT id FROM pa_installs WHERE id = ?", install.id), 1, sql)
	t.equal(library.exec("DELETE FROM pa_installs WHERE id = ?", install.id), 1, sql)
	t.same(db.query "SELECT copy FROM mine WHERE copy IS NOT NULL", {}, sql)
end

local READS = {
	"SELECT access_token FROM pa_installs",
	"SELECT i.access_token FROM main.pa_installs AS i",
	"WITH stolen AS (SELECT access_token FROM Pa_Installs) SELECT * FROM stolen",
	"SELECT (SELECT access_token FROM `pa_installs` LIMIT 1) AS token",
	"SELECT 1 WHERE EXISTS (SELECT 1 FROM [pa_installs] WHERE hex(access_token) > '')",
	"SELECT n FROM notes UNION ALL SELECT access_token FROM pa_installs",
	"SELECT n FROM notes NATURAL JOIN pa_sessions",
	"EXPLAIN SELECT * FROM pa_installs",
	"EXPLAIN QUERY PLAN SELECT * FROM pa_installs",
	"SELECT * FROM pragma_table_info('pa_installs')",
	"SELECT * FROM pragma_database_list",
	"SELECT * FROM sqlite_stmt",
	"SELECT * FROM dbstat",
	"SELECT fts3_tokenizer('simple')",
	"SELECT rtreecheck('pa_installs')",
	"SELECT load_extension('x')",
}

local WRITES = {
	"INSERT INTO mine SELECT id, access_token FROM pa_installs",
	"INSERT INTO mine (id, copy) VALUES ('a', (SELECT access_token FROM pa_installs))",
	"INSERT INTO mine (id) VALUES ('a') RETURNING (SELECT access_token FROM pa_installs)",
	"UPDATE mine SET copy = access_token FROM pa_installs",
	"DELETE FROM mine WHERE id IN (SELECT id FROM pa_installs)",
	"REPLACE INTO pa_installs (id) VALUES ('a')",
	"CREATE TEMP TABLE pa_installs (id)",
	"CREATE TEMPORARY TABLE other (id)",
	"CREATE TABLE temp.other (id)",
	"CREATE TEMP VIEW pa_installs AS SELECT 1 AS id",
	"CREATE TEMP TRIGGER watch AFTER INSERT ON main.pa_installs BEGIN SELECT 1; END",
	"CREATE TEMP TRIGGER watch AFTER INSERT ON notes BEGIN SELECT 1; END",
	"CREATE TRIGGER watch AFTER INSERT ON pa_installs BEGIN INSERT INTO mine VALUES (new.id, new.access_token); END",
	"CREATE VIEW pa_later AS SELECT 1",
	"CREATE TABLE pa_later (id)",
	'CREATE TABLE "PA_later" (id)',
	"CREATE INDEX pa_index ON notes (text)",
	"CREATE VIRTUAL TABLE words USING fts5(text)",
	"ALTER TABLE notes RENAME TO pa_later",
	"ALTER TABLE notes RENAME TO /* a comment */ Pa_later",
	"ALTER TABLE notes RENAME -- a comment\nTO -- TO\n[pa_later]",
	"ALTER TABLE notes RENAME TO`pa_later`",
	"ALTER TABLE notes RENAME TO 'pa_later'",
	'ALTER TABLE notes RENAME TO "pa_later"',
	"ALTER TABLE pa_installs RENAME COLUMN access_token TO shown",
	"ALTER TABLE pa_installs ADD COLUMN more TEXT",
	"ALTER TABLE pa_installs DROP COLUMN scope",
	-- A key that refers to a column without a unique index would make each DELETE of the library fail.
	"CREATE TABLE child (scope TEXT REFERENCES pa_installs (scope))",
	'CREATE TABLE child (id TEXT, FOREIGN KEY (id) REFERENCES\t"pa_installs" (id) ON DELETE CASCADE)',
	"ALTER TABLE notes ADD COLUMN install TEXT REFERENCES pa_installs (scope)",
	"UPDATE sqlite_master SET sql = 'x' WHERE name = 'notes'",
	"UPDATE sqlite_schema SET name = 'pa_later' WHERE name = 'notes'",
	"DELETE FROM sqlite_master",
	"PRAGMA writable_schema = ON",
	"PRAGMA foreign_keys = OFF",
	"ANALYZE",
	"ANALYZE pa_installs",
	"REINDEX pa_installs",
	"DROP INDEX pa_installs_name",
	"VACUUM",
	"VACUUM INTO 'copy.db'",
	"ATTACH ':memory:' AS other",
	"BEGIN",
	"COMMIT",
	"SAVEPOINT one",
}

testing.case("ST-12 no statement of an app reads, writes, hides or blocks a table of the library", function(t)
	prepare()
	for _, sql in ipairs(READS) do
		t.equal(db.query(sql), nil, sql)
	end
	for _, sql in ipairs(WRITES) do
		t.equal(db.exec(sql), nil, sql)
		check_library(t, sql)
		t.raises(function()
			db.migrate("access " .. sql, { sql })
		end, "db.migrate 'access ", sql)
		check_library(t, sql)
	end
	t.equal(db.query("SELECT count(*) AS n FROM sqlite_master WHERE name = 'pa_later'")[1].n, 0)
end)

-- What may be made, but not used.
local LATER = {
	{ "CREATE VIEW later AS SELECT access_token FROM pa_installs", "SELECT * FROM later", "DROP VIEW later" },
	{
		"CREATE TRIGGER later AFTER INSERT ON notes BEGIN INSERT INTO mine SELECT id, access_token FROM pa_installs; END",
		"INSERT INTO notes (text) VALUES ('a')",
		"DROP TRIGGER later",
	},
	{
		"CREATE TRIGGER later AFTER INSERT ON notes WHEN (SELECT access_token FROM pa_installs) > 'a' BEGIN SELECT 1; END",
		"INSERT INTO notes (text) VALUES ('a')",
		"DROP TRIGGER later",
	},
	{
		"CREATE TRIGGER later AFTER INSERT ON notes BEGIN DELETE FROM pa_installs; END",
		"INSERT INTO notes (text) VALUES ('a')",
		"DROP TRIGGER later",
	},
}

testing.case("ST-12 views and triggers of an app do not reach the library's tables", function(t)
	prepare()
	for _, attempt in ipairs(LATER) do
		local make, use, drop = table.unpack(attempt)
		t.truthy(db.exec(make), make)
		check_library(t, make)
		local result, _, code = db.exec(use)
		t.equal(result, nil, make)
		t.equal(code, "denied", make)
		check_library(t, make)
		t.truthy(db.exec(drop), drop)
	end
end)

testing.case("ST-12 a temporary table hides nothing from the library either", function(t)
	prepare()
	local made, _, code = library.exec "CREATE TEMP TABLE pa_installs (id TEXT)"
	t.equal(made, nil)
	t.equal(code, "denied")
end)

testing.case("ST-12 an app changes its own tables as it likes", function(t)
	prepare()
	for _, sql in ipairs {
		"CREATE TABLE parent (id TEXT PRIMARY KEY)",
		"CREATE TABLE child (id TEXT REFERENCES parent (id) ON DELETE CASCADE, pa_count INTEGER DEFAULT 0)",
		"CREATE INDEX child_id ON child (lower(id))",
		"ALTER TABLE child ADD COLUMN twice INTEGER GENERATED ALWAYS AS (2 * pa_count) VIRTUAL",
		"ALTER TABLE child RENAME COLUMN pa_count TO seen",
		"ALTER TABLE child RENAME TO children",
		"INSERT INTO parent VALUES ('a')",
		"INSERT INTO children (id) VALUES ('a')",
		"UPDATE children SET seen = seen + 1 WHERE id LIKE 'A%'",
		"DELETE FROM parent",
		"ALTER TABLE children DROP COLUMN twice",
		"DROP TABLE children",
		"DROP TABLE parent",
	} do
		local changes, err = db.exec(sql)
		t.truthy(changes, sql .. ": " .. tostring(err))
	end
	t.same(db.query("SELECT value FROM json_each(?)", '["a","b"]'), { { value = "a" }, { value = "b" } })
	t.equal(#db.query "WITH pa_installs AS (SELECT 1 AS id) SELECT id FROM pa_installs", 1)
end)
