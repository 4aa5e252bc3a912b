-- For wrk: whole installs. Each begins a flow and goes to its callback with the state and the cookie it got.
local begun, failed = {}, 0

function request()
	local flow = table.remove(begun)
	if not flow then
		return wrk.format("GET", "/auth/segment")
	end
	return wrk.format("GET", "/auth/segment/callback?code=abc&state=" .. flow.state, {
		Cookie = flow.cookie,
		Accept = "application/json",
	})
end

function response(status, headers)
	local cookie = headers["Set-Cookie"] or headers["set-cookie"]
	local location = headers["Location"] or headers["location"]
	if status == 302 then
		begun[#begun + 1] = { cookie = cookie:match "^[^;]+", state = location:match "state=([%w_-]+)" }
	elseif status ~= 200 then
		failed = failed + 1
		if failed == 1 then
			io.stderr:write("install.lua: a callback answered ", status, "\n")
		end
	end
end
