-- partnerapp new destination: destinations/SLUG.lua, with the settings of Segment's catalog when the slug is in it, and
-- two recorded tries: of an event with everything, and of one with the required fields alone.
local app = require "cli.app"
local files = require "native.files"
local first_tests = require "cli.new.first_tests"
local plans = require "cli.plans"
local scripts = require "native.scripts"
local servers = require "cli.servers"
local slugs = require "partnerapp.destination.slug"
local values = require "cli.settings.values"

local command = {
	summary = "Make destinations/SLUG.lua, with two recorded tries",
	usage = "SLUG [options]",
	arguments = { most = 1 },
	settings = true,
	flags = { app = { value = "APP", help = "the app's folder; as in `serve` without APP" } },
	examples = [[
partnerapp new destination acme
partnerapp new destination mixpanel --app ./my-app]],
}

local TEMPLATE = [[
-- %s: what a customer sets, and what an event becomes. `partnerapp try %s --watch` shows it at each save.
local destination = require "partnerapp.destination"
local path = destination.path -- { ["@path"] = … } in short

return destination.new {
	name = %q,
	slug = %q,
	settings = {
%s	},
	-- What every request begins with.
	extend_request = function(data)
		return { base_url = "https://api.%s.example/v1"%s }
	end,
	actions = {
		{
			"track",
			title = "Track an event",
			trigger = 'type = "track"',
			fields = {
				{ "event", type = "string", label = "Event", required = true, default = path "$.event" },
				{ "user", type = "string", label = "User", default = path "$.userId" },
				{ "properties", type = "object", label = "Properties", default = path "$.properties" },
			},
			perform = function(request, data)
				return request:post("/events", { json = data.payload })
			end,
		},
	},
}
]]

local TYPES =
	{ STRING = "string", MULTI_LINE_STRING = "string", SELECT = "string", BOOLEAN = "boolean", NUMBER = "number" }

local function is_secret(name)
	name = name:lower()
	return name:find "key" or name:find "secret" or name:find "token" or name:find "password"
end

-- The entry of the sandbox's catalog, which has Segment's settings of that destination; nil without one.
local function catalog_entry(slug)
	for _, name in ipairs { slug, (slug:gsub("%.", "_")) } do
		local source = files.read(("%s/sandbox/catalog/destinations/%s.lua"):format(files.library(), name))
		local chunk = source and scripts.compile(source, "@catalog", {})
		if chunk then
			return chunk()
		end
	end
end

local function choices_of(setting)
	local list = {}
	for i, option in ipairs(setting.options or {}) do
		list[i] = ("%q"):format(option)
	end
	return #list > 0 and (", choices = { %s }"):format(table.concat(list, ", ")) or ""
end

-- The lines of the settings, and the name of one that is a password.
local function settings_lines(entry)
	if not entry then
		return '\t\t{ "api_key", type = "password", label = "API key", required = true },\n', "api_key"
	end
	local lines, secret = {}, nil
	for _, setting in ipairs(entry.settings) do
		local kind = TYPES[setting.type]
		if kind == "string" and is_secret(setting.name) and not setting.options then
			kind, secret = "password", secret or setting.name
		end
		if kind then
			local label = setting.display_name or setting.name
			lines[#lines + 1] = ("\t\t{ %q, type = %q, label = %q%s },\n"):format(
				setting.name,
				kind,
				label,
				choices_of(setting)
			)
		end
	end
	return table.concat(lines), secret
end

local function text_of(slug)
	local entry = catalog_entry(slug)
	local name = entry and entry.display_name or slug:sub(1, 1):upper() .. slug:sub(2)
	local settings, secret = settings_lines(entry)
	local credentials = secret and (", bearer = data.settings.%s"):format(secret) or ""
	if credentials == "" then
		settings = settings:gsub("%s+$", "\n")
	end
	local host = slugs.file(slug):gsub("_", "-")
	local text = TEMPLATE:format(name, slug, name, slug, settings, host, credentials)
	return secret and text or (text:gsub("function%(data%)", "function()", 1))
end

-- A slug that is like a name: "acme-inc" for "Acme Inc".
local function slug_for(text)
	local slug = text:lower():gsub("[^%w.]+", "-"):gsub("^[^a-z]+", ""):gsub("[-.]+$", ""):sub(1, 60)
	return slug ~= "" and slug or "acme"
end

local function fail(message)
	files.err("partnerapp: new destination: " .. message .. "\n")
	return { exit_code = 1 }
end

function command.plan(given)
	local slug = given[1]
	if slug == "init" then -- destinations/init.lua is the module `destinations`
		files.err "partnerapp: new destination: init is the name of a folder's own script: use another slug\n"
		return { exit_code = 2 }
	elseif not slug or not slug:find "^[a-z][%l%d.-]*$" or #slug > 60 then
		files.err(
			("partnerapp: new destination: a slug is small letters, digits, - and ., for example %s\n"):format(
				slug_for(slug or "")
			)
		)
		return { exit_code = 2 }
	end
	local found = app.find(given.settings, given.flags.app)
	if values.report(found) then
		return { exit_code = 2 }
	end
	app.tell(found)
	local folder = found.location.folder
	local path = ("%s/destinations/%s.lua"):format(folder, slugs.file(slug))
	if files.stat(path) then
		return fail(path .. " is there already")
	end
	local made, message = files.make_folder(folder .. "/destinations")
	local written = made
	if made then
		written, message = files.write(path, text_of(slug), 420, true)
	end
	if not written then
		return fail(message)
	end
	local server = servers.app_in_memory(found)
	server.settings.CLIENT_ID = server.settings.CLIENT_ID or "client-id-of-nobody"
	server.settings.CLIENT_SECRET = server.settings.CLIENT_SECRET or "secret-of-nobody"
	return plans.task("new.destination", server, { arguments = { slug, folder, path } })
end

function command.run(arguments)
	local slug, folder, path = table.unpack(arguments)
	files.out(("%s\n"):format(path))
	first_tests.record(folder, slug, "track")
	files.out(("Next: partnerapp try %s --watch\n"):format(slug))
	return 0
end

return command
