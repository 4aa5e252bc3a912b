-- What settings mean for each other, once all values are found.
local address = require "cli.settings.address"
local checks = require "cli.settings.checks"
local http = require "native.http"
local secret_key = require "cli.secret_key"
local state = require "cli.state"

local rules = {}

local function is_reachable(listen)
	local host = address.split(listen)
	return host and not address.is_loopback(host)
end

--- Sets found.development: whether PUBLIC_URL is this machine. It stays nil when PUBLIC_URL is not a URL.
---@param found cli.found
---@return table? parts of PUBLIC_URL
function rules.read_public_url(found)
	local public = http.parse_url(found.value.PUBLIC_URL or "")
	if public then
		found.development = address.is_loopback(public.host)
	end
	return public
end

local function is_everywhere(host)
	return host == "" or host == "0.0.0.0"
end

--- The rule for two addresses of one process: they have to differ. Port 0 is any free one.
---@param found cli.found
---@param name string of one setting
---@param other string
function rules.apart(found, name, other)
	local host, port = address.split(found.value[name] or "")
	local second_host, second_port = address.split(found.value[other] or "")
	if not port or port ~= second_port or port == "0" then
		return
	end
	local is_same = (host == "localhost" and "127.0.0.1" or host)
		== (second_host == "localhost" and "127.0.0.1" or second_host)
	if is_same or is_everywhere(host) or is_everywhere(second_host) then
		found.problems[#found.problems + 1] = ("%s and %s are one address, %s: give one of them another port"):format(
			name,
			other,
			found.value[other]
		)
	end
end

local NO_DASHBOARD = "ADMIN_PASSWORD is not set, and other machines reach this server: there is no /dashboard, and "
	.. "/metrics answers 401"

--- The rules for the app's server. Sets found.development, and takes SECRET_KEY from its file when it is not set.
---@param found cli.found
function rules.for_server(found)
	local value, problems = found.value, found.problems
	local public = rules.read_public_url(found)
	if not public then
		return
	end
	rules.apart(found, "LISTEN", "HEALTH_LISTEN")
	if not found.development and public.scheme ~= "https" then
		problems[#problems + 1] = "PUBLIC_URL: must be https unless it is this machine"
	end
	for _, name in ipairs { "SEGMENT_ID_URL", "SEGMENT_API_URL" } do
		local segment = http.parse_url(value[name] or "")
		if
			not found.development
			and segment
			and segment.scheme ~= "https"
			and not address.is_loopback(segment.host)
		then
			problems[#problems + 1] = name .. ": must be https, for PUBLIC_URL is not this machine"
		end
	end
	if not value.ADMIN_PASSWORD and (is_reachable(value.LISTEN) or not found.development) then
		found.warnings[#found.warnings + 1] = NO_DASHBOARD
	end
	if not value.SECRET_KEY and #problems == 0 then
		secret_key.take(found)
	end
end

local REACHABLE = "SANDBOX_LISTEN: other machines can reach the sandbox at %s, and whoever does may act as any "
	.. "customer: for containers and tests only"
local PRODUCTION =
	"SANDBOX_LISTEN: PUBLIC_URL is not this machine, so the sandbox is for this machine only: use 127.0.0.1"

--- The rule for a sandbox's server: a client that reaches it may act as any customer. In development that is for a
--- person to decide, who is warned; in production other machines may not reach it (OP-07).
---@param found cli.found
function rules.for_sandbox(found)
	rules.read_public_url(found)
	if not is_reachable(found.value.SANDBOX_LISTEN) then
		return
	elseif found.development == false then
		found.problems[#found.problems + 1] = PRODUCTION
	else
		found.warnings[#found.warnings + 1] = REACHABLE:format(found.value.SANDBOX_LISTEN)
	end
end

--- Whether other machines may reach the sandbox.
---@param found cli.found
---@return boolean
function rules.is_sandbox_open(found)
	return is_reachable(found.value.SANDBOX_LISTEN)
end

--- What a demo keeps is apart: its installs are the sandbox's, and a server with the app's real client must not call
--- Segment for them. A DATABASE_URL that was set stays.
---@param found cli.found
function rules.use_demo_database(found)
	if found.from.DATABASE_URL == "default" then
		found.value.DATABASE_URL = ("sqlite:%s/demo.db"):format(found.location.state)
	end
end

--- Replaces Segment by the sandbox, and the database by the demo's. The client set for Segment is dropped: the sandbox
--- registers a client for each mount, except those of other authorization servers. It has no rate limit, so that a demo
--- is not stopped by one.
---@param found cli.found
---@return string url of the sandbox
function rules.use_sandbox(found)
	local url = address.origin(found.value.SANDBOX_LISTEN)
	found.value.CLIENT_ID, found.value.CLIENT_SECRET = nil, nil
	found.value.SEGMENT_ID_URL, found.value.SEGMENT_API_URL = url, url
	found.value.SANDBOX_NO_RATE_LIMIT = "1"
	rules.use_demo_database(found)
	return url
end

--- The same for a command beside a demo: the sandbox is the one of the last demo, unless SANDBOX_LISTEN is set.
---@param found cli.found
---@return string url of the sandbox
function rules.use_last_sandbox(found)
	local noted = state.noted(found.location.state, "sandbox")
	local listen = noted and checks.listen(noted:match "^http://(.+)$" or "")
	if listen and found.from.SANDBOX_LISTEN == "default" then
		found.value.SANDBOX_LISTEN = listen
	end
	return rules.use_sandbox(found)
end

return rules
