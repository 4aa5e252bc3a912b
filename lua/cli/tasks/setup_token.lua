-- Creates a personal access token with the user's own login and keeps it in .env, where setup app finds it.
local answers = require "cli.setup.answers"
local failure = require "cli.setup.failure"
local files = require "native.files"
local keep = require "cli.setup.keep"
local segment = require "partnerapp.segment"
local sys = require "native.sys"

local task = {}

local SLUG = "The slug is what stands behind https://app.segment.com/ in your browser's address bar."

local ADVICE = {
	unauthorized = "Check both and run it again.",
	forbidden = "Only an owner of the workspace can create one.",
	not_found = SLUG,
	unimplemented = "Segment no longer creates them this way: make one in your workspace's settings and set ACCESS_TOKEN.",
}

local DONE = [[
Created %s (%s…), scope %s, for %s.
It is kept as ACCESS_TOKEN in .env; Segment does not show it again.

Next: partnerapp setup app%s
]]

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
	local fields = {
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
	local guard = keep.guard({ "ACCESS_TOKEN" }, given["flag.replace"])
	if guard then
		table.insert(fields, 1, guard)
	end
	return fields
end

local function create(values)
	local client = segment.new { user = { values.email, values.password } }
	local made, message, code = client:create_access_token {
		description = values.description,
		scopes = values.scope,
		workspace_names = { "workspaces/" .. values.workspace },
	}
	if made and (type(made.token) ~= "string" or not made.token:find "^%g+$") then
		return nil, "Segment's answer has no token in it", "bad_response"
	end
	return made, message, code
end

function task.run()
	local given = sys.settings()
	local fields = fields_of(given)
	if answers.report(fields) then
		return 2
	elseif not keep.can_write() then
		return 1
	end
	local values, exit_code = answers.collect(fields)
	if not values then
		return exit_code
	end
	local made, message, code = create(values)
	if not made then
		return failure("access token", message, code, ADVICE)
	end
	local name = segment.is_name(made.name) and made.name or "the access token"
	if not keep.save({ { "ACCESS_TOKEN", made.token } }, name) then
		return 1
	end
	files.out(DONE:format(name, made.token:sub(1, 4), values.scope, "workspaces/" .. values.workspace, given.again))
	return 0
end

return task
