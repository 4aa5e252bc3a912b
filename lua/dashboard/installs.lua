-- The saved installs: a list that is searched and paged, and for each its health and what can be done with it.
local clock = require "partnerapp.clock"
local form = require("partnerapp.http").form
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local pretty = require("partnerapp.destination").pretty
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"
local visible = require "partnerapp_dashboard.visible"
local words = require "partnerapp_dashboard.words"

local installs = {}

local PAGE = 50

local HEALTH = {
	ok = { good = true, text = "works" },
	renewing = { good = true, text = "the last renewal failed; it is tried again" },
	needs_reconnect = { good = false, text = "has to be connected again" },
	unknown_server = { good = false, text = "its Segment is not known" },
	other_server = { good = false, text = "belongs to another Segment" },
	other_client = { good = false, text = "belongs to another OAuth client" },
}

local function value_of(value)
	return value ~= json.null and value or nil
end

local function expiry_of(install)
	if not install.expires_at then
		return "does not expire"
	end
	local left = install.expires_at - clock.now()
	return left > 0 and "in " .. words.span(left) or words.ago(install.expires_at)
end

-- What may be shown of an install, as its views take it.
local function shown(app, install)
	local public = app.installs:public(install)
	local health = HEALTH[public.health] or { good = false, text = public.health }
	return {
		id = install.id,
		name = install.name,
		workspace = install.workspace or "not named by Segment",
		source = install.source or "none",
		has_source = install.source ~= nil,
		scope = install.scope or "",
		asked_scope = install.asked_scope or install.scope or "",
		client = install.client or "the app's own",
		client_id = install.client_id,
		server = install.server or "unknown",
		good = health.good,
		health = health.text,
		reason = value_of(public.health_reason) and visible(public.health_reason) or false,
		expiry = expiry_of(install),
		expires_at = install.expires_at,
		created = words.ago(install.created_at),
		updated = words.ago(install.updated_at),
	}
end

local function list(req, given)
	local search = req.query.q or ""
	local found, from, code = given.app.installs:page(PAGE, req.query.from, search)
	if not found then
		return reply.failed(code == "usage" and 400 or 503, "The installs cannot be read: " .. from)
	end
	local rows = {}
	for i, install in ipairs(found) do
		rows[i] = shown(given.app, install)
	end
	return shell.page(req, "installs", {
		title = "Installs",
		rows = rows,
		search = search,
		searched = visible(search),
		count = given.app.installs:count() or 0,
		is_first = req.query.from == nil,
		older = from and "/dashboard/installs?" .. form { q = search, from = from } or false,
		has_flows = #given.app:flows() > 0,
	})
end

local function actions_of(app)
	local names = {}
	for name, action in pairs(app.actions) do
		names[#names + 1] = type(name) == "string" and type(action) == "function" and name or nil
	end
	table.sort(names)
	return names
end

-- The path of the flow that an install came from: there it is connected again.
local function flow_of(app, install)
	for _, flow in ipairs(app:flows()) do
		if flow.client == install.client then
			return flow.path
		end
	end
end

-- `said` is what became of what was asked just now: { good, text, result }.
local function show(req, given, install, said, asked)
	asked = asked or {}
	return shell.page(req, "install", {
		title = install.name,
		install = shown(given.app, install),
		actions = actions_of(given.app),
		flow = flow_of(given.app, install) or false,
		said = said or false,
		action = asked.action or "",
		arguments = said and said.arguments or asked.arguments or "",
	}, said and not said.good and 502 or 200)
end

-- "key=value" lines, as `partnerapp run` takes them. nil and the first line that has another form.
local function read_arguments(text)
	local arguments = {}
	for line in text:gmatch "[^\r\n]+" do
		local key, value = line:match "^%s*([%w_.-]+)=(.*)$"
		if key then
			arguments[key] = value
		elseif line:find "%S" then
			return nil, line
		end
	end
	return arguments
end

local function failed(what, message, code)
	local text = ("%s failed: %s%s"):format(what, message, code and (" (%s)"):format(tostring(code)) or "")
	return { good = false, text = visible(log.masked(text)) }
end

-- What an action was given, and what came of it, as it may be shown: an argument whose name is that of a credential is
-- ***, also where it comes again.
local function shown_run(given, arguments, texts)
	local headers = {}
	for name, value in pairs(arguments) do
		headers[#headers + 1] = { name, value }
	end
	table.sort(headers, function(a, b)
		return a[1] < b[1]
	end)
	texts.request_headers = headers
	local redacted = given.traffic.redacted(texts)
	local lines = {}
	for i, header in ipairs(redacted.request_headers) do
		lines[i] = header[1] .. "=" .. header[2]
	end
	return table.concat(lines, "\n"), redacted
end

local function hidden(arguments)
	for name, value in pairs(arguments) do
		if value == "***" then
			return name
		end
	end
end

local function raised(given, asked, arguments, text)
	local lines, texts = shown_run(given, arguments, { error = text })
	log.error("an action raised", { action = asked.action, error = texts.error })
	return { good = false, text = visible(("%s raised: %s"):format(asked.action, texts.error)), arguments = lines }
end

local function answered(given, asked, arguments, result)
	local text = result == nil and "It returned nothing." or json.encode(result)
	text = text and (result == nil and text or pretty(text)) or "Its result is no JSON."
	local lines, texts = shown_run(given, arguments, { response_body = text })
	return { good = true, text = asked.action .. " was done.", result = visible(texts.response_body), arguments = lines }
end

local function run_action(given, install, asked)
	local action = given.app.actions[asked.action or ""]
	if type(action) ~= "function" then
		return { good = false, text = "Choose an action." }
	end
	local arguments, bad = read_arguments(asked.arguments or "")
	if not arguments then
		return { good = false, text = ("Not run: “%s” is not key=value."):format(bad) }
	elseif hidden(arguments) then
		local text = "Not run: *** stands for the secret %s, which is not kept. Type it again."
		return { good = false, text = text:format(hidden(arguments)) }
	end
	local ok, result, message, code = given.raised.call(action, install, arguments)
	if not ok then
		return raised(given, asked, arguments, given.raised.text(result, message))
	elseif result == nil and message ~= nil then
		local lines, texts = shown_run(given, arguments, { error = given.raised.shown(message) })
		local said = failed(asked.action, texts.error, code)
		said.arguments = lines
		return said
	end
	return answered(given, asked, arguments, result)
end

local function reconnect(install)
	local works, message, code = install:reconnect()
	if not works then
		return failed("Renewing", message, code)
	end
	return { good = true, text = "The token is renewed." }
end

--- The install of an address; nil and a response when there is none.
---@param req partnerapp.request
---@param given partnerapp.host.given
---@return partnerapp.install? install, partnerapp.response? refused
function installs.of(req, given)
	local install, message = given.app.installs:find(req.params.id)
	if install == nil then
		return nil, reply.failed(503, "The install cannot be read: " .. message)
	elseif not install then
		return nil, reply.failed(404, "There is no install with this id. It may have been disconnected.")
	end
	return install
end

local FRESH = 10 -- seconds after which the exchanges of a flow have surely been stored

-- The flow that made the install, as steps: for links of the app's own pages. What happened a moment ago may wait to be
-- stored: then the page loads again by itself.
local function steps(req, given, install)
	for _, one in ipairs(given.traffic.list { install = install.id, limit = 200 } or {}) do
		if one.flow then
			return reply.redirect("/dashboard/traffic/flows/" .. one.flow)
		end
	end
	if given.traffic.are_kept() and clock.now() - install.updated_at < FRESH then
		return shell.page(req, "steps_soon", { title = "A moment" })
	end
	return reply.failed(404, "The exchanges of this install's flow are not kept, or not any more.")
end

-- Adds a route of one install: answer(req, install).
local function route(pages, given, method, path, answer)
	pages[method](pages, "/installs/:id" .. path, function(req)
		local install, refused = installs.of(req, given)
		if not install then
			return refused
		end
		return answer(req, install)
	end)
end

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function installs.add(pages, given)
	pages:get("/installs", function(req)
		return list(req, given)
	end)

	route(pages, given, "get", "", function(req, install)
		return show(req, given, install)
	end)

	route(pages, given, "post", "/renew", function(req, install)
		local said = reconnect(install)
		return show(req, given, given.app.installs:find(install.id) or install, said)
	end)

	route(pages, given, "post", "/run", function(req, install)
		return show(req, given, install, run_action(given, install, req.form), req.form)
	end)

	route(pages, given, "get", "/steps", function(req, install)
		return steps(req, given, install)
	end)

	route(pages, given, "get", "/disconnect", function(req, install)
		local values = { title = "Disconnect " .. install.name, install = shown(given.app, install) }
		return shell.page(req, "install_disconnect", values)
	end)

	route(pages, given, "post", "/disconnect", function(_, install)
		local gone, message = install:disconnect()
		if not gone then
			return nil, message
		end
		return reply.redirect "/dashboard/installs"
	end)
end

return installs
