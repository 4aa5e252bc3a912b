-- Sends an exchange again, edited or as it was. A call out is made only after a question that names host and method.
local pretty = require("partnerapp.destination").pretty
local shell = require "partnerapp_dashboard.shell"
local traffic = require "partnerapp_dashboard.traffic"
local visible = require "partnerapp_dashboard.visible"

local replay = {}

local function header_text(given, headers)
	local lines = {}
	for _, header in ipairs(headers) do
		if given.replay.is_kept(header[1]) then
			lines[#lines + 1] = header[1] .. ": " .. header[2]
		end
	end
	return table.concat(lines, "\n")
end

-- The form of an exchange as it was.
local function first(given, exchange)
	local fits = utf8.len(exchange.request_body) ~= nil and not exchange.request_note
	return {
		method = exchange.method,
		url = exchange.url,
		headers = header_text(given, exchange.request_headers),
		body = fits and exchange.request_body or "",
	}
end

-- "Name: value" lines. nil and the first line that has another form.
local function read_headers(text)
	local list = {}
	for line in text:gmatch "[^\r\n]+" do
		local name, value = line:match "^%s*([%w!#$%%&'*+%-.^_`|~]+):%s*(.-)%s*$"
		if name then
			list[#list + 1] = { name, value }
		elseif line:find "%S" then
			return nil, line
		end
	end
	return list
end

-- What a form asks for; nil and what is wrong with it.
local function read(exchange, form)
	local headers, bad = read_headers(form.headers or "")
	if not headers then
		return nil, ("“%s” is not a header: a header is “Name: value”."):format(visible(bad))
	elseif not (form.method or ""):find "^%u+$" then
		return nil, "The method is a word in capitals, such as GET or POST."
	elseif exchange.direction == "in" and (form.url or ""):sub(1, 1) ~= "/" then
		return nil, "The address is a path of the app: it begins with /."
	end
	return { method = form.method, url = form.url or "", headers = headers, body = (form.body or ""):gsub("\r\n", "\n") }
end

local function shown_answer(answer)
	local kind = ""
	for _, header in ipairs(answer.headers) do
		kind = header[1]:lower() == "content-type" and header[2]:lower() or kind
	end
	local lines = {}
	for i, header in ipairs(answer.headers) do
		lines[i] = header[1] .. ": " .. header[2]
	end
	local body = kind:find("json", 1, true) and pretty(answer.body) or answer.body
	return {
		status = answer.status,
		headers = visible(table.concat(lines, "\n")),
		body = body ~= "" and visible(body) or false,
	}
end

-- What was done: the answer, and the form as it may be shown from then on, without the secrets that were typed.
local function done_with(given, answer)
	local draft = answer.draft
	local form =
		{ method = draft.method, url = draft.url, headers = header_text(given, draft.headers), body = draft.body }
	return { answer = shown_answer(answer), form = form }
end

-- Does what a form asks for: { problem }, { asks } or { answer, form }.
local function run(given, req, exchange, form)
	local draft, problem = read(exchange, form)
	if not draft then
		return { problem = problem }
	end
	local install = given.replay.install_of(exchange, draft.url)
	local missing = given.replay.missing(draft, install)
	if #missing > 0 then
		local text =
			"Not sent: *** stands for a secret that was not kept. Put a value of today there, or delete it, in: %s."
		return { problem = text:format(table.concat(missing, ", ")) }
	elseif exchange.direction == "in" then
		return done_with(given, given.replay.request(given.app, draft, req))
	elseif form["do"] ~= "send" then
		return { asks = ("%s %s"):format(draft.method, draft.url:match "^%a+://[^/?#]+" or draft.url) }
	end
	local answer, message = given.replay.call(draft, install)
	if not answer then
		return { problem = "No answer: " .. message }
	end
	return done_with(given, answer)
end

local function page(req, given, exchange, form, done)
	local install = given.replay.install_of(exchange, exchange.url)
	form = done.form or form
	return shell.page(req, "replay", {
		title = "Send again",
		exchange = exchange,
		is_call = exchange.direction == "out",
		form = form,
		is_body_left_out = form.body == "" and exchange.request_size > 0,
		install = install or false,
		problem = done.problem or false,
		asks = done.asks or false,
		answer = done.answer or false,
	}, done.problem and 422 or 200)
end

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function replay.add(pages, given)
	pages:get("/traffic/:id/replay", function(req)
		local exchange, refused = traffic.exchange_of(req, given)
		return refused or page(req, given, exchange, first(given, exchange), {})
	end)

	pages:post("/traffic/:id/replay", function(req)
		local exchange, refused = traffic.exchange_of(req, given)
		if not exchange then
			return refused
		end
		local form = req.form
		local sent = {
			["do"] = form["do"],
			method = form.method or "",
			url = form.url or "",
			headers = form.headers or "",
			body = form.body or "",
		}
		return page(req, given, exchange, sent, run(given, req, exchange, sent))
	end)
end

return replay
