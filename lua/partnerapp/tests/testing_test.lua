-- The runner of cases: what a case may not leave behind.
local db = require "native.db"
local log = require "native.log"
local testing = require "partnerapp.testing"

local function run(body)
	return testing.run { name = "a case", run = body }
end

-- No script can leave a connection borrowed, so the counters are replaced.
testing.case("a case after which something is still borrowed fails", function(t)
	local metrics, taken = log.metrics, 3
	function log.metrics()
		local counters = metrics()
		for _, about in ipairs(counters) do
			about.value = about.name == "database_connections_leased" and taken or about.value
		end
		return counters
	end
	local passed, why = run(function()
		taken = 4
	end)
	log.metrics = metrics
	t.equal(passed, false)
	t.equal(why, "the case leaked: database_connections_leased is 4, and was 3 before")
end)

testing.case("a case that calls what it does not list fails", function(t)
	local passed, why = run(function()
		testing.network {}
		require("partnerapp.http").get "https://unlisted.example/x"
	end)
	t.equal(passed, false)
	t.contains(why, "GET https://unlisted.example/x")
end)

testing.case("a case that passes leaves nothing", function(t)
	t.equal(
		run(function()
			db.row "SELECT 1"
		end),
		true
	)
end)

local order = {}

testing.describe("a block", function()
	testing.before_each(function()
		order[#order + 1] = "outer"
	end)
	testing.describe("in a block", function()
		testing.before_each(function(t)
			order[#order + 1] = "inner"
			t.truthy(t)
		end)
		testing.it("runs what is before each", function()
			testing.assert.same({ "outer", "inner" }, order)
			testing.assert.is_nil(nil)
			testing.assert.has_error(function()
				testing.assert.equal(1, 2)
			end, "got 2, wanted 1")
		end)
	end)
end)

testing.case("blocks name their cases, and before_each belongs into one", function(t)
	local names = {}
	for _, case in ipairs(testing.cases) do
		names[case.name] = true
	end
	t.equal(names["a block in a block runs what is before each"], true)
	t.raises(function()
		testing.before_each(print)
	end, "belongs into a describe")
end)
