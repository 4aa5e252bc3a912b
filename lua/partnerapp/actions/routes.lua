-- What each address of Segment's local protocol answers: Segment's action tester in the browser and curl ask. The
-- stages and the sending are those of `partnerapp try`; each request is sent for real.
local exchanges = require "partnerapp.actions.exchanges"
local files = require "partnerapp.destination.files"
local input = require "partnerapp.actions.input"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local manifest = require "partnerapp.destination.manifest"
local masking = require "partnerapp.destination.masking"
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"
local questions = require "partnerapp.destination.questions"
local reply = require "partnerapp.reply"
local requests = require "partnerapp.destination.requests"
local slugs = require "partnerapp.destination.slug"
local stages = require "partnerapp.destination.stages"
local validation = require "partnerapp.destination.validation"

local routes = {}

local respond, verdict = exchanges.reply, exchanges.verdict

-- How each kind of address says that it failed

local function failed_list(err)
	return respond(json.array { err })
end

local function failed_choices(err)
	return respond(json.array { err }, 500)
end

local function failed_authentication(err)
	return respond(verdict(false, err.message, err.fields or members.new()))
end

local function failed_refresh(err)
	return respond(verdict(false, err.message), 400)
end

-- Asking the destination

-- What is tried: sent for real, with what the request says.
local function new_try(destination, body)
	return {
		settings = input.settings(destination, input.object(body, "settings")),
		auth = input.auth(body.auth or body.oauth),
		transport = requests.send,
		refresh = false, -- /refreshAccessToken asks for it
	}
end

-- The answer goes to a page or to curl: the terminal says so too.
local function tell(what, path)
	log.warn(("%s failed"):format(what), { error = path.outcome.message, where = path.outcome.where })
end

-- The exchanges of a path, or its error.
local function show(path, what)
	if path.outcome and not path.outcome.delivered then
		tell(what, path)
		return failed_list(exchanges.failure(path))
	end
	return respond(exchanges.list(path.requests))
end

-- Several events at once. Payloads that are not valid are left out; when none is left, the first of them is the error.
local function act_batch(destination, action, values, events, try)
	if not action.perform_batch then
		local message = ("%s has no perform_batch: send one event"):format(action.name)
		return failed_list(exchanges.error(501, message))
	end
	local whole, refused = stages.act_batch(destination, action, values, events, try)
	for _, path in ipairs(refused) do
		tell(("%s: one of %d payloads"):format(action.name, #events), path)
	end
	return not whole.outcome and refused[1] and failed_list(exchanges.failure(refused[1])) or show(whole, action.name)
end

local function no_address(what, destination)
	local names = {}
	for i, action in ipairs(destination.actions) do
		names[i] = action.name
	end
	local message = ("%s has no action '%s'%s"):format(destination.name, what, nearest(what, names))
	return reply.failed(404, message)
end

-- POST /ACTION: one event, or a list of them.
local function act(destination, body, req)
	local action = destination.actions[req.params.action]
	if not action then
		return no_address(req.params.action, destination)
	end
	local payload, try = input.value(body, "payload") or members.new(), new_try(destination, body)
	if members.is_array(payload) then
		return act_batch(destination, action, input.mapping(action, body, payload[1]), payload, try)
	end
	return show(stages.act(destination, action, input.mapping(action, body, payload), payload, try), action.name)
end

-- POST /ACTION/FIELD: the choices of a dynamic field.
local function choose(destination, body, req)
	local action = destination.actions[req.params.action]
	if not action then
		return no_address(req.params.action, destination)
	end
	local question = {
		field = req.params.field,
		payload = input.object(body, "payload"),
		query = input.value(body, "query"),
		page = input.value(body, "page"),
	}
	local story, message = questions.choices(destination, action, question, new_try(destination, body))
	if not story then
		return reply.failed(404, message)
	end
	local path = story.paths[1]
	if path.choices then
		local answer = members.new()
		members.set(answer, "choices", masking.value(json.array(path.choices)))
		members.set(answer, "nextPage", path.next_page)
		return respond(answer)
	end
	local outcome = path.outcome
	tell(("%s/%s"):format(action.name, question.field), path)
	return failed_choices { message = masking.value(outcome.message), code = outcome.code or tostring(outcome.status) }
end

-- Whether the settings are valid: nil and an error when they are not.
local function judge(destination, settings)
	if #destination.settings == 0 then
		return true
	end
	local valid, message, _, invalid = validation.validate(destination.settings_schema, settings)
	if not valid then
		return nil, exchanges.error(400, message, invalid)
	end
	return true
end

-- POST /authenticate: whether the credentials are right.
local function authenticate(destination, body)
	local settings, auth = input.credentials(destination, body)
	local valid, err = judge(destination, settings)
	if not valid then
		return failed_authentication(err)
	end
	local try = { settings = settings, auth = auth, transport = requests.send, refresh = false }
	local story = questions.authentication(destination, try)
	local path = story and story.paths[1]
	if path and not path.outcome.delivered then
		local answer = exchanges.refused(path)
		local status = answer and answer.status .. " " or ""
		tell("authenticate", path)
		return failed_authentication {
			message = masking.value(("Credentials are invalid: %s%s"):format(status, path.outcome.message)),
		}
	end
	return respond(verdict(true))
end

-- POST /refreshAccessToken: the body is the tokens. The new ones are shown: the tester takes them from here.
local function refresh(destination, body)
	local scheme = destination.authentication.scheme
	if not scheme:find "^oauth" then
		local message = ("refreshAccessToken is for the scheme oauth2, and %s has %s"):format(destination.name, scheme)
		return failed_refresh(exchanges.error(501, message))
	end
	local path = questions.refresh(destination, { auth = input.auth(body) or {}, transport = requests.send })
	if path and not path.outcome.delivered then
		tell("refreshAccessToken", path)
		return failed_refresh(exchanges.failure(path))
	end
	local answer = verdict(true)
	members.set(answer, "data", path and input.tokens(path.returned))
	return respond(answer)
end

-- POST /delete: what a customer's deletion of a user becomes.
local function delete(destination, body, req)
	if not destination.on_delete then
		req.params.action = "delete"
		return act(destination, body, req)
	end
	local payload, try = input.object(body, "payload"), new_try(destination, body)
	local valid, err = judge(destination, try.settings)
	if not valid then
		return failed_list(err)
	end
	return show(stages.delete(destination, payload, try), "delete")
end

-- The addresses, each with its answer(destination, body, req) and with how it says that it failed.
local POSTS = {
	["/authenticate"] = { authenticate, failed_authentication },
	["/authentication"] = { authenticate, failed_authentication }, -- as Segment's documentation writes it
	["/refreshAccessToken"] = { refresh, failed_refresh },
	["/delete"] = { delete, failed_list },
	["/:action"] = { act, failed_list },
	["/:action/:field"] = { choose, failed_choices },
}

-- What files.load returned: kept, for a module that failed has another message at the next call. The scripts of a VM
-- never change.
local loaded

-- The destination of this server. nil and a message with file and line when its file does not load.
local function load(app)
	loaded = loaded or { files.load(app.destination) }
	return loaded[1], loaded[2]
end

local function get_manifest(app)
	return function()
		local destination, message = load(app)
		if not destination then
			return respond(json.array { exchanges.error(500, message) }, 500)
		end
		local shown = manifest.of(destination)
		members.set(shown, "directoryName", slugs.file(app.destination))
		return respond(shown)
	end
end

local function posted(app, answer, failed)
	return function(req)
		local body, problem, status = input.body(req)
		if not body then
			return reply.failed(status --[[@as integer]], problem --[[@as string]])
		end
		local destination, message = load(app)
		if not destination then
			log.error("the destination does not load", { error = message })
			return failed(exchanges.error(500, message))
		end
		return answer(destination, body, req)
	end
end

--- The response after a function of the destination could not be ended in an ordinary way, such as by its CPU budget.
---@param app partnerapp.app
---@param req partnerapp.request
---@param message string
---@return partnerapp.response
function routes.fault(app, req, message)
	local route = app:route(req)
	local row = route and POSTS[route.path]
	return (row and row[2] or failed_choices)(exchanges.error(500, message))
end

--- The addresses of the destination's own actions.
---@param app partnerapp.app
---@return string? text "POST /track, POST /track/channel", string? message why the destination does not load
function routes.text(app)
	local destination, message = load(app)
	if not destination then
		return nil, message
	end
	local list = {}
	for _, action in ipairs(destination.actions) do
		list[#list + 1] = "POST /" .. action.name
		for _, name in ipairs(members.names(action.dynamic_fields)) do
			list[#list + 1] = ("POST /%s/%s"):format(action.name, name)
		end
	end
	return #list > 0 and table.concat(list, ", ") or "the destination has no action"
end

-- For a person who opens the address in a browser.
local WELCOME = [[
Segment's local protocol for trying a destination: its requests are sent.

GET /manifest
POST /authenticate, POST /refreshAccessToken, POST /delete
%s
]]

--- Adds the routes to an app.
---@param app partnerapp.app whose `destination` is the slug
function routes.add(app)
	app:get("/", function()
		local text, message = routes.text(app)
		return reply.text(WELCOME:format(text or message))
	end)
	app:get("/manifest", get_manifest(app))
	for path, row in pairs(POSTS) do
		-- `callers` has judged the request: more strictly than the check that this leaves out.
		app:post(path, posted(app, row[1], row[2]), { csrf = false })
	end
end

return routes
