-- /metrics: who may see it (HT-03), and that the text is one that Prometheus reads.
local testing = require "partnerapp.testing"

testing.case("HT-03 in production /metrics needs the administrator's password", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", ADMIN_PASSWORD = "a long password" }
	local client = testing.client()
	for _, sent in ipairs { "", "Bearer", "Bearer a long passwor", "Basic YSBsb25nIHBhc3N3b3Jk" } do
		local response = client:get("/metrics", { headers = { authorization = sent } })
		t.equal(response.status, 401, sent)
		t.equal(response.headers["www-authenticate"], 'Bearer realm="metrics"')
	end
	t.equal(client:get("/metrics", { headers = { authorization = "Bearer a long password" } }).status, 200)
end)

testing.case("HT-28 guesses of the password at /metrics have to wait as those at the login", function(t)
	testing.settings { PUBLIC_URL = "https://app.example", ADMIN_PASSWORD = "a long password" }
	local client = testing.client(nil, { ip = "192.0.2.77" })
	local function ask(password)
		return client:get("/metrics", { headers = { authorization = "Bearer " .. password } })
	end
	for _ = 1, 20 do
		t.equal(ask("wrong").status, 401)
	end
	local late = ask "a long password"
	t.equal(late.status, 429)
	t.equal(late.headers["retry-after"], "1")
end)

testing.case("every line of /metrics is a comment or a sample, and the histogram adds up", function(t)
	local body = testing.client():get("/metrics").body
	local last, count = 0, nil
	for line in body:gmatch "[^\n]+" do
		t.truthy(
			line:find "^# HELP partnerapp_[%w_]+ .+$"
				or line:find "^# TYPE partnerapp_[%w_]+ %l+$"
				or line:find "^partnerapp_[%w_]+ [%d.]+$"
				or line:find '^partnerapp_[%w_]+{le="[%d.+Inf]+"} %d+$',
			line
		)
		local bucket = tonumber(line:match "^partnerapp_request_seconds_bucket.* (%d+)$")
		if bucket then
			t.truthy(bucket >= last, "buckets are cumulative")
			last = bucket
		end
		count = tonumber(line:match "^partnerapp_request_seconds_count (%d+)$") or count
	end
	t.equal(count, last)
	t.contains(body, "# TYPE partnerapp_vms gauge\n")
	t.contains(body, "# TYPE partnerapp_requests_total counter\n")
end)
