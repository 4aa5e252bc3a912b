-- Personal access tokens, and the apps that they can create. Conformance cases have the numbers of docs/segment.md 8.
local json = require "partnerapp.json"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local REDIRECT, fresh, basic, bearer = segment.REDIRECT, segment.fresh, segment.basic, segment.bearer
local personal_token = segment.personal_token

case("conformance 24: a personal access token", function(t)
	local made = personal_token(fresh()).json()
	t.equal(made.name, "access-tokens/1")
	t.equal(made.scopes, "workspace")
	t.equal(#made.token, 87)
end)

case("bad requests for a personal access token", function(t)
	local client = fresh()
	t.equal(personal_token(client, nil, basic("user@example.com", "wrong")).status, 401)
	local good = { description = "d", scopes = "workspace", workspace_names = { "workspaces/userworkspace" } }
	for field, value in pairs { description = "", scopes = "destination/clearbrain", workspace_names = "x" } do
		local bad = {}
		for name, text in pairs(good) do
			bad[name] = text
		end
		bad[field] = value
		t.equal(personal_token(client, { access_token = bad }).json().code, 3, field)
	end
	good.workspace_names = { "workspaces/nowhere" }
	t.equal(personal_token(client, { access_token = good }).json().code, 5)
end)

case("conformance 25: a body with single quotes, as the README's curl sends it", function(t)
	local body = "{'access_token': {'description': 'partner app', 'scopes': 'workspace', "
		.. "'workspace_names': ['workspaces/userworkspace']}}"
	local headers = basic("user@example.com", "password")
	headers["content-type"] = "application/x-www-form-urlencoded"
	t.equal(fresh():post("/v1beta/access-tokens", { body = body, headers = headers }).status, 200)
end)

local function app_body(more)
	local body = {
		display_name = "Test App",
		description = "d",
		scope = "destination/clearbrain",
		public = true,
		redirect_uris = { REDIRECT },
	}
	for name, value in pairs(more or {}) do
		body[name] = value
	end
	return { app = body }
end

case("conformance 27, 28, 31: apps in both generations, the secret shown once", function(t)
	local client = fresh()
	local token = personal_token(client).json().token
	local below =
		client:post("/v1beta/workspaces/userworkspace/apps", { json = app_body(), headers = bearer(token) }).json()
	t.match(below.name, "^workspaces/userworkspace/apps/%d+$")
	t.match(below.client_id, "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
	t.equal(#below.client_secret, 12)
	local alone = client:post("/v1beta/apps", { json = app_body(), headers = bearer(token) }).json()
	t.match(alone.name, "^apps/%d+$")
	t.equal(alone.primary_category, "")
	for _, path in ipairs { "/v1beta/workspaces/userworkspace/apps", "/v1beta/apps", "/v1beta/" .. alone.name } do
		local response = client:get(path, { headers = bearer(token) })
		t.equal(response.status, 200)
		t.lacks(response.body, "client_secret")
	end
end)

case("conformance 29: five redirect URIs, not six; and other bad apps", function(t)
	local client = fresh()
	local token = personal_token(client).json().token
	local uris = {}
	for i = 1, 6 do
		uris[i] = "https://example.com/" .. i
	end
	local function create(more)
		return client:post("/v1beta/apps", { json = app_body(more), headers = bearer(token) })
	end
	t.equal(create({ redirect_uris = uris }).json().code, 3)
	uris[6] = nil
	t.equal(create({ redirect_uris = uris }).status, 200)
	t.equal(create({ redirect_uris = { "/relative" } }).json().code, 3)
	t.equal(create({ redirect_uris = { REDIRECT .. "#fragment" } }).json().code, 3)
	t.equal(create({ scope = "destination/nothing" }).json().code, 3)
	t.equal(create({ display_name = "" }).json().code, 3)
	t.equal(client:patch("/v1beta/apps/1", { json = {}, headers = bearer(token) }).json().code, 12)
end)

case("an app is public only when the request says so", function(t)
	local client = fresh()
	local token = personal_token(client).json().token
	local function create(public)
		local body = app_body()
		body.app.public = public
		return client:post("/v1beta/apps", { json = body, headers = bearer(token) }).json().public
	end
	t.equal(create(nil), false)
	t.equal(create(json.null), false)
	t.equal(create(false), false)
	t.equal(create(true), true)
end)
