-- The exchanges of a flow as steps.
local flow_steps = require "partnerapp_dashboard.flow_steps"
local testing = require "partnerapp.testing"

local function one(direction, method, url, status)
	return { direction = direction, method = method, url = url, status = status }
end

local function states(list)
	local found = {}
	for i, step in ipairs(flow_steps(list)) do
		found[i] = ("%s %d"):format(step.state, #step.exchanges)
	end
	return table.concat(found, ", ")
end

testing.case("a whole flow has all its steps", function(t)
	t.equal(
		states {
			one("in", "GET", "/auth/segment", 302),
			one("out", "POST", "http://127.0.0.1:8889/_sandbox/clients", 200),
			one("in", "GET", "/auth/segment/callback?code=***&state=***", 303),
			one("out", "POST", "https://id.segmentapis.com/oauth2/token", 200),
			one("out", "POST", "https://platform.segmentapis.com/v1beta/workspaces/w/sources/s/destinations", 200),
		},
		"good 1, good 0, good 1, good 1, good 1"
	)
end)

testing.case("a flow that ended early shows where", function(t)
	t.equal(states { one("in", "GET", "/auth/segment", 302) }, "good 1, open 0, open 0, open 0, open 0")
	t.equal(
		states {
			one("in", "GET", "/auth/segment", 302),
			one("in", "GET", "/auth/segment/callback?error=access_denied&state=***", 403),
		},
		"good 1, good 0, bad 1, open 0, open 0"
	)
	t.equal(
		states {
			one("in", "GET", "/auth/segment/callback?code=***&state=***", 502),
			one("out", "POST", "https://id.segmentapis.com/oauth2/token", nil),
		},
		"open 0, good 0, bad 1, bad 1, open 0"
	)
end)
