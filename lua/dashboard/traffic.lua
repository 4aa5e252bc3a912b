-- What went in and out: a list that is searched and filtered, each exchange whole, and a flow as numbered steps.
local clock = require "partnerapp.clock"
local exports = require "partnerapp_dashboard.exports"
local flow_steps = require "partnerapp_dashboard.flow_steps"
local form = require("partnerapp.http").form
local json = require "partnerapp.json"
local pretty = require("partnerapp.destination").pretty
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"
local visible = require "partnerapp_dashboard.visible"
local words = require "partnerapp_dashboard.words"

local traffic = {}

local PAGE = 50

local STATUSES = {
	{ value = "", text = "any status" },
	{ value = "2", text = "200 to 299" },
	{ value = "3", text = "300 to 399" },
	{ value = "4", text = "400 to 499" },
	{ value = "5", text = "500 to 599" },
	{ value = "0", text = "no answer" },
}

local DIRECTIONS = {
	{ value = "", text = "in and out" },
	{ value = "in", text = "requests to the app" },
	{ value = "out", text = "calls of the app" },
}

local OFF = "Exchanges are not kept here: TRAFFIC is off. It is on in development, and TRAFFIC=on switches it on."

local function unreadable(message, code)
	if code == "off" then
		return reply.failed(404, OFF)
	end
	return reply.failed(503, "The exchanges cannot be read: " .. message)
end

-- The filter that an address names.
local function filter_of(query)
	local function text(name)
		return query[name] ~= "" and query[name] or nil
	end
	return {
		direction = (query.direction == "in" or query.direction == "out") and query.direction or nil,
		status = math.tointeger(tonumber(text "status")),
		outcome = text "outcome",
		install = text "install",
		search = text "q",
		before = math.tointeger(tonumber(text "before")),
		limit = PAGE,
	}
end

local function summary_of(one)
	local time = clock.timestamp(one.at)
	return {
		id = one.id,
		direction = one.direction,
		time = time:match "T(.*)Z$",
		date = time,
		method = one.method ~= "" and one.method or "?",
		url = visible(one.url),
		status = one.status or one.outcome,
		bad = one.status == nil or one.status >= 400,
		took = ("%.0f ms"):format(one.took * 1000),
		flow = one.flow,
	}
end

local function outcomes_of(given)
	local list = { { value = "", text = "any outcome" } }
	for _, outcome in ipairs(given.traffic.outcomes() or {}) do
		list[#list + 1] = { value = outcome, text = outcome }
	end
	return list
end

-- Selects the choice of each list that the query names.
local function chosen(list, value)
	for _, one in ipairs(list) do
		one.selected = one.value == (value or "")
	end
	return list
end

local function copy(list)
	local new = {}
	for i, one in ipairs(list) do
		new[i] = { value = one.value, text = one.text }
	end
	return new
end

local function list(req, given)
	local query = req.query
	local found, next_id, code = given.traffic.list(filter_of(query))
	if code == "off" then
		return shell.page(req, "traffic_off", { title = "Traffic" })
	elseif not found then
		return unreadable(next_id, code)
	end
	local rows = {}
	for i, one in ipairs(found) do
		rows[i] = summary_of(one)
	end
	local older = {}
	for _, name in ipairs { "q", "direction", "status", "outcome", "install" } do
		older[name] = query[name] ~= "" and query[name] or nil
	end
	local is_filtered = next(older) ~= nil
	older.before = tostring(next_id)
	local state = given.traffic.state()
	return shell.page(req, "traffic", {
		title = "Traffic",
		rows = rows,
		search = query.q or "",
		install = query.install or "",
		directions = chosen(copy(DIRECTIONS), query.direction),
		statuses = chosen(copy(STATUSES), query.status),
		outcomes = chosen(outcomes_of(given), query.outcome),
		is_filtered = is_filtered,
		is_first = query.before == nil,
		older = next_id and "/dashboard/traffic?" .. form(older) or false,
		dropped = state and state.dropped or 0,
		version = given.traffic.version() or 0,
	})
end

-- A body as a page shows it.
local function body_of(body, size, note, headers)
	if size == 0 then
		return false
	end
	local kind = ""
	for _, header in ipairs(headers) do
		kind = header[1]:lower() == "content-type" and header[2]:lower() or kind
	end
	local text = body
	if note ~= "cut" and kind:find("json", 1, true) then
		local _, _, wrong = json.decode(body)
		text = wrong and body or pretty(body)
	end
	local shown, whole = visible(text)
	return {
		text = shown,
		size = size,
		note = note == "packed" and "It is compressed, and not kept: secrets inside of it could not be found."
			or note == "cut" and "Only the first 256 KiB are kept."
			or not whole and "Only a part is shown here; the HAR file has all that is kept."
			or false,
	}
end

local function headers_of(headers)
	local shown = {}
	for i, header in ipairs(headers) do
		shown[i] = { name = visible(header[1]), value = visible(header[2]) }
	end
	return shown
end

local function related(given, exchange)
	local cause, calls = false, {}
	if exchange.direction == "out" then
		local found = given.traffic.cause_of(exchange)
		cause = found and summary_of(found) or false
	else
		for i, one in ipairs(given.traffic.calls_of(exchange) or {}) do
			calls[i] = summary_of(one)
		end
	end
	return cause, calls
end

-- A command is whole, or not there.
local function command(text)
	local seen, whole = visible(text)
	return whole and seen or "The request is too long for a command. The HAR file has it."
end

-- The destinations that the event of an exchange can be tried with.
local function tries_of(given, exchange)
	local tries = {}
	if not exports.event(exchange) then
		return tries
	end
	for i, found in ipairs((given.tester.destinations(given.app))) do
		tries[i] = { name = found.name, command = command(exports.try(exchange, found.slug)) }
	end
	return tries
end

local function show(req, given, exchange)
	local cause, calls = related(given, exchange)
	local install = exchange.install and given.app.installs:find(exchange.install) or nil
	return shell.page(req, "exchange", {
		title = exchange.method .. " " .. visible(exchange.url:match "^[^?]*"),
		one = summary_of(exchange),
		exchange = exchange,
		url = visible(exports.url(exchange)),
		ago = words.ago(exchange.at),
		error = exchange.error and visible(exchange.error) or false,
		peer = exchange.peer and visible(exchange.peer) or false,
		install = install or false,
		request_headers = headers_of(exchange.request_headers),
		response_headers = headers_of(exchange.response_headers),
		request_body = body_of(
			exchange.request_body,
			exchange.request_size,
			exchange.request_note,
			exchange.request_headers
		),
		response_body = body_of(
			exchange.response_body,
			exchange.response_size,
			exchange.response_note,
			exchange.response_headers
		),
		curl = command(exports.curl(exchange)),
		tries = tries_of(given, exchange),
		cause = cause,
		calls = calls,
	})
end

local function show_flow(req, given)
	local found, message, code = given.traffic.of_flow(req.params.flow)
	if not found then
		return unreadable(message, code)
	elseif #found == 0 then
		return reply.failed(404, "This flow is not kept any more.")
	end
	local steps = flow_steps(found)
	for _, step in ipairs(steps) do
		for i, one in ipairs(step.exchanges) do
			step.exchanges[i] = summary_of(one)
		end
	end
	local har = ("/dashboard/traffic/flows/%s/har"):format(req.params.flow)
	return shell.page(req, "flow", { title = "An install, step by step", steps = steps, har = har })
end

-- Exchanges as a file that browsers' tools open.
local function har_file(exchanges, name)
	local response = reply.json(exports.har(exchanges))
	response.headers["content-disposition"] = ('attachment; filename="%s.har"'):format(name)
	return response
end

local function flow_file(req, given)
	local found, message, code = given.traffic.of_flow(req.params.flow)
	if not found then
		return unreadable(message, code)
	end
	local exchanges = {}
	for _, one in ipairs(found) do
		exchanges[#exchanges + 1] = given.traffic.find(one.id) or nil
	end
	return har_file(exchanges, "flow")
end

-- The exchange of an address; nil and a response when there is none.
local function exchange_of(req, given)
	local id = math.tointeger(tonumber(req.params.id))
	if not id then
		return nil, reply.failed(404, "There is no exchange with this number.")
	end
	local exchange, message, code = given.traffic.find(id)
	if exchange == nil then
		return nil, unreadable(message, code)
	elseif not exchange then
		return nil, reply.failed(404, "There is no exchange with this number. The oldest are deleted after a while.")
	end
	return exchange
end

traffic.exchange_of = exchange_of

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function traffic.add(pages, given)
	pages:get("/traffic", function(req)
		return list(req, given)
	end)

	-- What the list asks each second.
	pages:get("/traffic/version", function()
		local version, message, code = given.traffic.version()
		if not version then
			return unreadable(message, code)
		end
		return reply.json { version = version }
	end)

	pages:get("/traffic/flows/:flow", function(req)
		return show_flow(req, given)
	end)

	pages:get("/traffic/flows/:flow/har", function(req)
		return flow_file(req, given)
	end)

	pages:get("/traffic/:id", function(req)
		local exchange, refused = exchange_of(req, given)
		return refused or show(req, given, exchange)
	end)

	pages:get("/traffic/:id/har", function(req)
		local exchange, refused = exchange_of(req, given)
		if not exchange then
			return refused
		end
		return har_file({ exchange }, ("exchange-%d"):format(exchange.id))
	end)
end

return traffic
