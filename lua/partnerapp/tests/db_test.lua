-- The app's own tables: what a transaction keeps after an error.
local db = require "partnerapp.db"
local testing = require "partnerapp.testing"

testing.case("ST-13 after an error that rolled a transaction back nothing more is saved in it", function(t)
	t.truthy(db.migrate("seats", { "CREATE TABLE seats (number INTEGER PRIMARY KEY)" }))
	t.truthy(db.exec("INSERT INTO seats (number) VALUES (1)"))
	local later, later_message
	local result, message, code = db.transaction(function()
		t.truthy(db.exec("INSERT INTO seats (number) VALUES (2)"))
		t.equal(db.exec("INSERT OR ROLLBACK INTO seats (number) VALUES (1)"), nil)
		later, later_message = db.exec("INSERT INTO seats (number) VALUES (3)")
		t.equal(db.query("SELECT number FROM seats"), nil)
		return true
	end)
	t.equal(result, nil)
	t.equal(message, "an earlier error rolled this transaction back")
	t.equal(code, "database")
	t.equal(later, nil)
	t.equal(later_message, message)
	t.same(db.query("SELECT number FROM seats"), { { number = 1 } })
	t.truthy(db.transaction(function()
		return db.exec("INSERT INTO seats (number) VALUES (4)")
	end))
	t.same(db.query("SELECT number FROM seats ORDER BY number"), { { number = 1 }, { number = 4 } })
end)

testing.case("a step of a migration that has a NUL byte fails, and nothing of it is done", function(t)
	t.raises(function()
		db.migrate("nul", { "CREATE TABLE before_nul (a)\0; CREATE TABLE after_nul (a)" })
	end, "NUL byte")
	t.equal(db.query "SELECT * FROM before_nul", nil)
end)
