-- partnerapp setup token: creates a personal access token with the user's own login; setup app finds it in .env.
local answers = require "cli.setup.answers"
local creation = require "cli.setup.creation"
local sys = require "native.sys"

local command = {
	summary = "Create an access token with your e-mail address and password at Segment",
	usage = "[options]",
	settings = true,
	flags = {
		scope = { value = "SCOPE", help = "workspace (the default, which setup app needs) or workspace:read" },
		description = { value = "TEXT", help = "the token's name in Segment's list" },
		replace = { help = "replace the ACCESS_TOKEN that .env has" },
	},
	examples = [[
partnerapp setup token
partnerapp setup token --segment-email me@example.com --segment-workspace my-workspace
SEGMENT_PASSWORD_FILE=./password partnerapp setup token --segment-email me@example.com --segment-workspace my-workspace
partnerapp setup token --segment-api-url http://127.0.0.1:8889]],
}

local ADVICE = {
	unauthorized = "Check both and run it again.",
	forbidden = "Only an owner of the workspace can create one.",
	not_found = "The slug is the part after https://app.segment.com/ in your browser's address bar.",
	unimplemented = "Segment no longer creates them this way: make one in your workspace's settings and set ACCESS_TOKEN.",
}

local DONE = [[
Created %s (%s…), scope %s, for %s.
It is kept as ACCESS_TOKEN in .env; Segment does not show it again.

Next: partnerapp setup app%s
]]

function command.plan(given)
	return creation.plan("setup.token", given)
end

local function check_email(text)
	if not text:find "^[^%s%c:]+@[^%s%c:]+$" then
		return nil, "must be an e-mail address"
	end
	return text
end

local function check_scope(text)
	if text ~= "workspace" and text ~= "workspace:read" then
		return nil, "must be workspace or workspace:read"
	end
	return text
end

local function fields_of(given)
	return {
		{
			name = "email",
			given = given.SEGMENT_EMAIL,
			question = "Your e-mail address at Segment",
			how = "SEGMENT_EMAIL or --segment-email",
			check = check_email,
		},
		{
			name = "password",
			given = given.SEGMENT_PASSWORD,
			question = "Password (not shown)",
			hidden = true,
			how = "SEGMENT_PASSWORD or SEGMENT_PASSWORD_FILE",
		},
		{
			name = "workspace",
			given = given.SEGMENT_WORKSPACE,
			question = "Slug of the workspace",
			how = "SEGMENT_WORKSPACE or --segment-workspace",
			check = answers.workspace,
		},
		{ name = "scope", given = given["flag.scope"], default = "workspace", how = "--scope", check = check_scope },
		{ name = "description", given = given["flag.description"], default = "partnerapp", how = "--description" },
	}
end

local function create(answered)
	local segment = require "partnerapp.segment"
	return segment.new({ user = { answered.email, answered.password } }):create_access_token {
		description = answered.description,
		scopes = answered.scope,
		workspace_names = { "workspaces/" .. answered.workspace },
	}
end

function command.run()
	local given = sys.settings()
	return creation.run {
		what = "access token",
		keys = { { setting = "ACCESS_TOKEN", field = "token" } },
		fields = fields_of(given),
		create = create,
		advice = ADVICE,
		done = function(name, answered, made)
			return DONE:format(
				name,
				made.token:sub(1, 4),
				answered.scope,
				"workspaces/" .. answered.workspace,
				given.again
			)
		end,
	}
end

return command
