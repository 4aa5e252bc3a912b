-- The least an app has: it answers.
local testing = require "partnerapp.testing"

testing.case("an app answers in process", function(t)
	local response = testing.client():get("/hello")
	t.equal(response.status, 200)
	t.equal(response.body, "Hello, world\n")
end)
