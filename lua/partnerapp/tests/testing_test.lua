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
