-- Which token answers are accepted (OA-17, OA-18).
local json = require "partnerapp.json"
local provider = require "provider"
local testing = require "partnerapp.testing"
local token = require "partnerapp.oauth.token_answer"

local function check(changes)
	return token.check(provider.token(changes).json)
end

testing.case("OA-17 a good answer", function(t)
	t.same(check({ access_token = "a.B-c_9", install_name = "installs/7" }), {
		access_token = "a.B-c_9",
		expires_in = 3599,
		scope = "destination/google-analytics",
		app_name = "apps/2",
		name = "installs/7",
		workspace = "workspaces/business",
		source = provider.SOURCE,
	})
end)

testing.case("OA-17 an access token is a printable text of some length", function(t)
	for _, value in ipairs({ "absent", "", " ", "a b", "a\n", "é", 5, true, json.null, { "a" }, ("a"):rep(16385) }) do
		local got, message, code = check({ access_token = value })
		t.equal(got, nil, tostring(value))
		t.contains(message, "access_token")
		t.equal(code, "bad_token")
	end
	t.truthy(check({ access_token = ("a"):rep(16384) }))
end)

testing.case("OA-17 TO-03 a token is of type bearer, in any case, or of none", function(t)
	for _, value in ipairs({ "mac", "bearer ", "bearerx", 5, { "bearer" } }) do
		t.equal(select(2, check({ token_type = value })), "the token is not of type bearer")
	end
	for _, value in ipairs({ "bearer", "Bearer", "BEARER", "BearerToken", "bot", "", "absent", json.null }) do
		t.truthy(check({ token_type = value }))
	end
end)

testing.case("OA-17 expires_in is a sensible number of seconds", function(t)
	local bad =
		{ -1, 0, 1e300, 1e15, "", "x", "1.", ".5", "1.5.5", "-5", "1e3", "0x10", " 5", ("9"):rep(40), true, { 1 } }
	for _, value in ipairs(bad) do
		t.equal(
			select(2, check({ expires_in = value })),
			"the token's expires_in is not a number of seconds",
			tostring(value)
		)
	end
	for _, value in ipairs({ 3600, "3600", 3600.0, 3600.9, "3600.9", "absent" }) do
		t.equal(check({ expires_in = value }).expires_in, 3600)
	end
	t.equal(check({ expires_in = json.null }).expires_in, 3600)
end)

testing.case("OA-17 TO-03 a scope is what RFC 6749 allows", function(t)
	for _, value in ipairs({
		"a\nb",
		'a"b',
		"a\\b",
		"é",
		5,
		{ a = "workspace" },
		json.array { 5 },
		true,
		("a"):rep(513),
	}) do
		t.equal(select(2, check({ scope = value })), "the token's scope is not a scope", tostring(value))
	end
	t.equal(check({ scope = "absent" }).scope, nil)
	t.equal(check({ scope = "" }).scope, nil)
	t.equal(check({ scope = json.null }).scope, nil)
	t.equal(check({ scope = "workspace other" }).scope, "workspace other")
	t.equal(check({ scope = json.array { "workspace", "other" } }).scope, "workspace other")
	t.equal(check({ scope = json.array {} }).scope, nil)
end)

local BAD_NAMES = {
	"",
	"/",
	"%",
	"..",
	"PREFIX",
	"PREFIX/",
	"PREFIX/..",
	"PREFIX/../x",
	"PREFIX//x",
	"/PREFIX/x",
	"PREFIX/x/",
	"PREFIX/x?y=1",
	"PREFIX/x#y",
	"PREFIX/%2e%2e",
	"PREFIX/x y",
	"PREFIX/x\n",
	"PREFIX/x\0",
	"PREFIX/é",
	"PREFIX/x\\y",
	"https://evil.example/PREFIX/x",
	"PREFIX/" .. ("x"):rep(600),
	5,
	true,
	{ a = "PREFIX/x" },
}

for field, prefix in pairs({
	install_name = "installs",
	workspace_names = "workspaces",
	source_names = "workspaces/w/sources",
}) do
	testing.case("OA-18 " .. field .. " is a name of Segment's and nothing else", function(t)
		for _, name in ipairs(BAD_NAMES) do
			local value = type(name) == "string" and name:gsub("PREFIX", prefix) or name
			for _, shape in ipairs({ value, json.array({ value }) }) do
				local got, message, code = check({ [field] = shape })
				t.equal(got, nil, tostring(value))
				t.contains(message, field)
				t.equal(code, "bad_token")
			end
		end
		t.equal(check({ [field] = "elsewhere/x" }), nil)
		t.truthy(check({ [field] = prefix .. "/x" }))
		t.truthy(check({ [field] = json.array({ prefix .. "/x.y-z_1", "second is not read" }) }))
	end)
end

testing.case("OA-18 names that are absent, null or an empty list are just not there", function(t)
	for _, value in ipairs({ "absent", json.null, json.array({}) }) do
		local got = check({ install_name = value, source_names = value, workspace_names = value, app_name = value })
		t.same({ got.name, got.source, got.workspace, got.app_name }, {})
	end
	t.equal(check({ install_name = "install/10" }).name, "install/10")
end)

testing.case("an answer that is not an object is refused", function(t)
	for _, value in ipairs({ "text", 5, true, json.null, json.array({ "access_token" }) }) do
		t.equal(select(3, token.check(value)), "bad_token")
	end
	t.equal(select(3, token.check(nil)), "bad_token")
end)
