-- Glob patterns: of FQL's match(), and of the paths of faults.
local glob = require "glob"
local testing = require "partnerapp.testing"

local CASES = {
	{ "", "", true },
	{ "abc", "a*c", true },
	{ "abc", "a?c", true },
	{ "abc", "a[a-z]c", true },
	{ "aBc", "a[a-z]c", false },
	{ "/v1/track", "/v1/[^b]*", true },
	{ "/v1/batch", "/v1/[^b]*", false },
	{ "b", "[^a-c]", false },
	{ "d", "[^a-c]", true },
	{ "^", "[a^]", true },
	{ "a*c", "a\\*c", true },
	{ "abc", "a\\*c", false },
	{ "a[c", "a\\[c", true },
	{ ("a"):rep(2000), ("*a"):rep(20) .. "b", false },
}

testing.case("patterns fit what they say", function(t)
	for _, case in ipairs(CASES) do
		t.equal(glob.matches(case[1], case[2]), case[3], case[2] .. " on " .. case[1]:sub(1, 20))
	end
end)
