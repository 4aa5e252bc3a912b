-- TO-10: the pages of a flow name the server that they speak of: Segment, or the host of another provider.
local json = require "partnerapp.json"
local provider = require "provider"
local testing = require "partnerapp.testing"

local TOKEN = "POST https://login.example:8443/token"
local HOST = "login.example"

local SERVER = {
	issuer = "https://login.example:8443/tenant",
	authorize_url = "https://login.example:8443/authorize",
	token_url = "https://login.example:8443/token",
}

local function failing(code)
	return function()
		return nil, "https://login.example:8443: the reason", code
	end
end

-- How a flow ends: the parameters of the callback or the answer of the token endpoint, the name of the ending, and a
-- part of its page. Each page has to name the provider, unless it speaks of this app only.
local CASES = {
	{ "access is denied", { error = "access_denied" }, "access_denied", "refused at login.example" },
	{ "a request that is not understood", { error = "invalid_request" }, "invalid_request", "login.example refused" },
	{ "an unknown client", { error = "invalid_client" }, "invalid_client", "login.example does not know this app" },
	{ "a scope that is not given", { error = "invalid_scope" }, "invalid_scope", "that login.example does not give" },
	{ "a state that is not accepted", { error = "invalid_state" }, "invalid_state", "login.example did not accept" },
	{
		"a client that may not",
		{ error = "unauthorized_client" },
		"unauthorized_client",
		"login.example does not allow",
	},
	{
		"an unknown type of response",
		{ error = "unsupported_response_type" },
		"unsupported_response_type",
		"login.example does not support",
	},
	{ "a server with a problem", { error = "server_error" }, "server_error", "login.example had a problem" },
	{
		"a server that is down",
		{ error = "temporarily_unavailable" },
		"temporarily_unavailable",
		"login.example is not",
	},
	{ "an error of its own", { error = "consent_required" }, "error", "What login.example said" },
	{
		"a description as Segment has it",
		{ error = "invalid_request", error_description = "install already exists" },
		"invalid_request",
		"login.example did not understand",
	},
	{ "neither a code nor an error", {}, "no_code", "login.example sent neither" },
	{ "no answer in time", failing "timeout", "timeout", "login.example is slow" },
	{ "no connection", failing "connect", "unreachable", "login.example cannot be reached" },
	{ "no such name", failing "dns", "unreachable", "login.example cannot be reached" },
	{ "a wrong certificate", failing "tls", "unreachable", "login.example cannot be reached" },
	{ "a connection that breaks", failing "bad_response", "connection_lost", "The connection to login.example broke" },
	{ "an answer that is too large", failing "too_large", "bad_response", "login.example&#39;s answer" },
	{ "too many calls of this app", failing "busy", "busy", "could not call login.example" },
	{ "an end of this app", failing "cancelled", "busy", "could not call login.example" },
	{ "a page of a proxy", { status = 503, body = "<html>" }, "unavailable", "login.example is not available" },
	{
		"JSON that is cut",
		{ body = '{"access_token":"x', headers = { ["content-type"] = "application/json" } },
		"bad_response",
		"line 1, column 17: the string that begins here has no end",
	},
	{ "a token that has none", { json = { token_type = "bearer" } }, "bad_response", "login.example&#39;s answer" },
	{
		"a code that is refused",
		{ status = 400, json = { error = "invalid_grant" } },
		"code_refused",
		"login.example refused the code",
	},
	{
		"wrong credentials",
		{ status = 401, json = { error = "invalid_client" } },
		"invalid_credentials",
		"login.example does not accept",
	},
}

local AS_JSON = { headers = { accept = "application/json" } }

-- The last page of a flow. The parameters are those of the callback unless they are the answer to the exchange.
local function flow(client, params, options)
	local state = provider.begin(client)
	local is_answer = type(params) == "function" or params.status or params.body or params.json
	local query = { state = state }
	if is_answer then
		testing.network { [TOKEN] = params }
		query.code = "code-of-the-case"
	else
		for name, value in pairs(params) do
			query[name] = value
		end
	end
	return provider.callback(client, query, options)
end

for _, case in ipairs(CASES) do
	local what, params, name, text = table.unpack(case)
	testing.case("TO-10 the page of another provider names it: " .. what, function(t)
		local client = testing.client(provider.app { server = SERVER })
		local response = flow(client, params)
		t.contains(response.body, text)
		t.contains(response.body, HOST)
		t.lacks(response.body, "Segment")
		local body = flow(client, params, AS_JSON).json()
		t.equal(body.error, name)
		t.lacks(json.encode(body), "Segment")
	end)
end

testing.case("TO-10 the page of another provider names it: a flow of another client", function(t)
	local client = testing.client(provider.app { server = SERVER })
	local state = provider.begin(client)
	testing.settings { CLIENT_ID = "another-client" }
	local response = provider.callback(client, { state = state, code = "x" })
	t.contains(response.body, "another client at login.example")
	t.lacks(response.body, "Segment")
end)

testing.case("TO-10 a connection that breaks is not an answer that nobody understands", function(t)
	local client = testing.client(provider.app())
	testing.network {
		[provider.TOKEN] = function()
			return nil, "https://id.segmentapis.com closed the connection before it answered", "bad_response"
		end,
	}
	local response = provider.install(client)
	t.equal(response.status, 502)
	t.contains(response.body, "The connection to Segment broke")
	t.contains(response.body, "closed the connection before it answered")
	t.lacks(response.body, "could not be understood")
end)
