-- One call of the Config API. It is repeated when that is safe and may help; a failure's message says what to do.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local retry = require "partnerapp.retry"
local short = require "partnerapp.short"
local sys = require "native.sys"
local unreached = require "partnerapp.segment.unreached"

local ATTEMPTS = 5
local BACKOFF, BACKOFF_MOST = 0.075, 1

local CODES = {
	[400] = "invalid_argument",
	[401] = "unauthorized",
	[403] = "forbidden",
	[404] = "not_found",
	[409] = "already_exists",
	[429] = "rate_limited",
	[501] = "unimplemented",
}

local ALLOWS = {
	workspace = "to read and change the workspace",
	["workspace:read"] = "to read the workspace and change nothing",
}

-- What a scope allows (docs/segment.md 4).
local function allowance(scope)
	local slug = scope:match "^destination/(.+)$"
	return ALLOWS[scope] or slug and ("to handle the destination %s on the source that was chosen"):format(slug)
end

-- The scopes that allow a call.
local function needed(method, path, body)
	local resource = path:match "^[^?]*"
	local destination = type(body) == "table" and type(body.destination) == "table" and body.destination.name
		or resource
	local slug = resource:find "/destinations[^/]*$" and tostring(destination):match "/destinations/([^/:]+)$"
		or resource:match "/destinations/([^/:]+)$"
	if resource:find "^apps" or resource:find "/apps" then
		return "a personal access token with the scope workspace"
	end
	local enough = { "workspace" }
	if method == "GET" then
		table.insert(enough, 1, "workspace:read")
	end
	if slug then
		table.insert(enough, 1, "destination/" .. slug)
	end
	return "the scope " .. table.concat(enough, ", "):gsub(", (%S+)$", " or %1")
end

local function advice(client, code, method, path, body, wait)
	if code == "unauthorized" and client.user then
		return "the e-mail address or the password is wrong"
	elseif code == "unauthorized" then
		local scope = client.scope
		local able = scope and allowance(scope)
		return "the token has expired, or is not permitted to do this"
			.. (scope and (" (its scope is %s%s)"):format(scope, able and ", " .. able or "") or "")
	elseif code == "forbidden" then
		local scope = client.scope and (", and the install's is " .. client.scope) or ""
		return ("this needs %s%s"):format(needed(method, path, body), scope)
	elseif code == "rate_limited" then
		return wait and ("too many requests, try again in %d s"):format(math.ceil(wait))
			or "too many requests in this minute, try again in the next one"
	end
end

-- nil, message, code, details of an answer that is not a success.
local function failure(client, response, value, method, path, body)
	local code = CODES[response.status] or (response.status >= 500 and "upstream" or "bad_response")
	local text = type(value) == "table" and type(value.error) == "string" and value.error ~= "" and short(value.error)
	if not text then
		local start = utf8.len(response.body) and short(response.body):gsub("%s+", " ") or ""
		text = ("Segment answered %d %s"):format(response.status, start)
	end
	local wait = retry.after(response.headers["retry-after"], sys.now())
	local more = advice(client, code, method, path, body, wait)
	return nil,
		more and text .. ": " .. more or text,
		code,
		{
			status = response.status,
			code = type(value) == "table" and value.code or nil,
			body = response.body,
			retry_after = wait,
		}
end

-- Whether a call may be sent twice: all but those that create. An update sets what it names, so it can be repeated.
local function is_repeatable(method)
	return method ~= "POST"
end

-- Failures before the call was sent: even a creation can be repeated.
local UNSENT = { connect = true, dns = true }

local function may_retry(method, response, code)
	if not response then
		return UNSENT[code] or is_repeatable(method) and (code == "timeout" or code == "bad_response")
	elseif response.status == 429 then
		return true -- refused before anything was done
	end
	return response.status >= 500 and response.status ~= 501 and is_repeatable(method)
end

-- The answer, after as many attempts as the client's patience has room for.
local function send(client, token, method, path, body)
	local begun, waited = sys.monotonic(), 0
	for attempt = 1, ATTEMPTS do
		local response, err, code = http.request(config.segment_api_url .. "/v1beta/" .. path, {
			method = method,
			bearer = token,
			basic = client.user,
			json = body,
		})
		if not may_retry(method, response, code) then
			return response, err, code, attempt
		end
		local asked = response and retry.after(response.headers["retry-after"], sys.now())
		local delay = math.max(asked or 0, retry.backoff(attempt, BACKOFF, BACKOFF_MOST)) -- a date may be past
		waited = waited + delay
		if attempt == ATTEMPTS or math.max(waited, sys.monotonic() - begun + delay) > client.patience then
			return response, err, code, attempt
		end
		retry.wait(delay)
	end
end

--- One call of the API. The token is renewed once after a 401 (RT-07), the call repeated when Segment is too busy.
---@param client partnerapp.segment.client
---@param method string
---@param path string below /v1beta/: a resource name, perhaps with a query
---@param body table?
---@return table? resource, string? message, string? code, table? details
return function(client, method, path, body)
	local token, err, code
	if not client.user then
		token, err, code = client.token()
		if not token then
			return nil, err, code
		end
	end
	local response, attempts
	response, err, code, attempts = send(client, token, method, path, body)
	if response and response.status == 401 and client.renew then
		token, err, code = client.renew()
		if not token then
			return nil, err, code
		end
		response, err, code, attempts = send(client, token, method, path, body)
	end
	if not response then
		return nil, unreached(err, code), code
	end
	local value, problem = {}, nil
	if response.body ~= "" then
		value, problem = response.json()
	end
	if response.status == 404 and method == "DELETE" and attempts > 1 then
		return {} -- an attempt before this one has deleted it
	elseif response.status ~= 200 and response.status ~= 201 then
		return failure(client, response, value, method, path, body)
	elseif problem or type(value) ~= "table" or json.is_array(value) then
		local text = problem and "Segment's answer is not JSON: " .. problem
		return nil, text or "Segment's answer is not a JSON object", "bad_response", { status = response.status }
	end
	return value
end
