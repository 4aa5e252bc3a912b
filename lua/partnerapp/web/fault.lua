-- Makes responses about refusals and faults: JSON for clients that accept JSON, a page for people. Only in development
-- a page about a fault shows where in the scripts; otherwise it has one sentence and the request's id (HT-24). What
-- they show is masked as in the log (LG-01).
local config = require "partnerapp.config"
local log = require "partnerapp.log"
local raised = require "partnerapp.web.raised"
local refusal = require "partnerapp.web.refusal"
local source = require "partnerapp.web.source"

local fault = {}

local SORRY = "This request failed. What happened has been logged under the request's id."

local function merge(response, headers)
	if headers then
		response.headers = response.headers or {}
		for name, value in pairs(headers) do
			response.headers[name] = value
		end
	end
	return response
end

local function as_json(req, status, message, traceback, routes)
	local values = { error = message, request_id = req.id, traceback = traceback, near = routes }
	return require("partnerapp.reply").json(values, status)
end

local function in_words(routes)
	local list = require("partnerapp.json").array {}
	for i, route in ipairs(routes) do
		list[i] = ("%s %s (%s)"):format(route.method, route.path, route.where)
	end
	return list
end

local function as_text(req, status, message)
	return {
		status = status,
		headers = { ["content-type"] = "text/plain; charset=utf-8", ["cache-control"] = "no-store" },
		body = message .. "\n\nRequest " .. tostring(req.id) .. "\n",
	}
end

-- In development, for an address without a route: the routes that are near.
local function near_routes(app, req, refused)
	if not refused.unrouted or not config.development or not app then
		return nil
	end
	return require "partnerapp.web.near_routes"(app._router.list, req.path)
end

local function page(name, req, status, values)
	values.status = status
	values.title = refusal.title(status)
	values.request_id = req.id
	return require("partnerapp.reply").html(require("partnerapp.web.view").render(name, values), status)
end

-- The page about a refusal with the app's own views; with the library's alone when one of the app's fails.
local function refusal_page(req, status, message, near)
	local values = { message = message, near = near }
	local ok, response = pcall(page, "refusal", req, status, values)
	if ok then
		return response
	end
	log.error("the page of a refusal failed", { error = tostring(response) })
	return page("partnerapp/refusal", req, status, values)
end

local function route_of(req)
	return req.method .. " " .. req.path
end

--- Logs a response of 500 or more whose reason is in no line yet, so that the id on the page leads to one.
---@param req partnerapp.request
---@param status integer
---@param message string?
---@param reason string?
function fault.log(req, status, message, reason)
	log.error("a request failed", { status = status, error = message, reason = reason, route = route_of(req) })
end

local function shape_of(app)
	return app and (app._failed or shape_of(app._parent))
end

local function shaped(app, req, refused, message)
	local status = refused.status
	local shape = shape_of(app)
	if shape then
		local ok, response = pcall(shape, req, status, message)
		if ok and type(response) == "table" and not response.refused then
			return merge(response, refused.headers)
		end
		log.error("app:failed() failed itself", { error = tostring(response) })
	end
	local near = near_routes(app, req, refused)
	if req:wants_json() then
		return merge(as_json(req, status, message, nil, near and in_words(near)), refused.headers)
	end
	return merge(refusal_page(req, status, message, near), refused.headers)
end

--- The response of a refusal.
---@param app partnerapp.app? whose failed() shapes it
---@param req partnerapp.request
---@param refused partnerapp.refusal
---@return partnerapp.response
function fault.shape(app, req, refused)
	local status, message = refused.status, log.masked(refused.message)
	if status >= 500 and not refused.logged then
		fault.log(req, status, message, refused.reason)
	end
	refusal.log(req, status, refused.reason)
	local response = shaped(app, req, refused, message)
	response.logged = true
	return response
end

-- A refusal whose reason is in the log already.
local function logged(message)
	local refused = refusal.new(500, message)
	refused.logged = true
	return refused
end

--- The refusal for a handler that returned nil, message: the message is logged, and shown only in development.
---@param req partnerapp.request
---@param err any
---@return partnerapp.refusal
function fault.failure(req, err)
	local message = raised.shown(err)
	log.error("a handler failed", { error = message, route = route_of(req) })
	return logged(config.development and message or SORRY)
end

-- What the library's pages may do, and ask this server whether the scripts were read again (static/reload.js).
local POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
	.. "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

local ONLY = "Only in development a page shows this much."
local RELOADS = "This page loads again by itself when a file is saved. "
local AGAIN = "Mend it, and send the form again. " -- what was sent is not sent twice by itself

local function page_about(req, values)
	local reloads = req.method == "GET"
	values.width = "wide"
	values.route = log.masked(route_of(req))
	values.note = (values.note or "") .. (reloads and RELOADS or AGAIN) .. ONLY
	values.version = reloads and require("native.scripts").version() or false
	local response = page("partnerapp/fault", req, 500, values)
	response.headers["content-security-policy"] = POLICY
	return response
end

-- The page; as text when the page fails.
local function try_page(req, values)
	local ok, response = pcall(page_about, req, values)
	if ok then
		return response
	end
	log.error("the page of an error failed", { error = tostring(response) })
	return as_text(req, 500, values.message)
end

--- The response that a developer sees: message, source and traceback, as a page or as JSON.
---@param req partnerapp.request
---@param message string
---@param traceback string?
---@param heading string a sentence above it
---@param route partnerapp.route?
---@return partnerapp.response
function fault.explain(req, message, traceback, heading, route)
	local shown = source.of(message, traceback, route)
	message, traceback = log.masked(message), traceback and log.masked(traceback)
	if req:wants_json() then
		return as_json(req, 500, message, traceback)
	end
	local values = { message = message, heading = heading, traceback = traceback or false, source = shown, others = {} }
	return try_page(req, values)
end

--- The response after a handler raised.
---@param app partnerapp.app
---@param req partnerapp.request
---@param err any a refusal, or a script's error
---@param traceback string?
---@return partnerapp.response
function fault.respond(app, req, err, traceback)
	if refusal.is(err) then
		return fault.shape(app, req, err)
	end
	local route = app and app:route(req)
	local message = raised.text(err, traceback, route and route.where)
	log.error("a script failed", { error = message, traceback = traceback, route = route_of(req) })
	if config.development and (not app or not shape_of(app) or req:header("sec-fetch-dest") == "document") then
		local response = fault.explain(req, message, traceback, "A script raised an error", route)
		response.logged = true
		return response
	end
	return fault.shape(app, req, logged(config.development and message or SORRY))
end

--- The same as the end of the request: with the app's hooks run.
---@param app partnerapp.app
---@param req partnerapp.request
---@param err any
---@param traceback string?
---@return partnerapp.response
function fault.finish(app, req, err, traceback)
	local response = fault.respond(app, req, err, traceback)
	local ok, problem = pcall(app.finish, app, req, response, app:route(req))
	if not ok then
		log.error("a hook of app:after failed", { error = tostring(problem) })
	end
	return response
end

local NEVER = "No version of the app has loaded yet, so each request gets this error. "
local BESIDE = "Programs and jobs go on with the version before. "

local EMPTY = "A script raised an error with an empty message."

-- A page with all problems, of which each begins with a line that has its place.
local function broken_page(req, why)
	local list = {}
	for line in why.message:gmatch "[^\n]+" do
		if not list[1] or source.has_place(line) then
			list[#list + 1] = { message = line }
		else
			list[#list].message = list[#list].message .. "\n" .. line
		end
	end
	list[1] = list[1] or { message = EMPTY }
	for i, problem in ipairs(list) do
		problem.source = source.of(problem.message, i == 1 and why.traceback)
		problem.message = log.masked(problem.message)
	end
	local first = table.remove(list, 1)
	return try_page(req, {
		message = first.message,
		heading = why.beside and "The newest save does not load" or "The app does not load",
		traceback = why.traceback and source.is_of_app(why.traceback) and log.masked(why.traceback) or false,
		source = first.source,
		others = list,
		note = why.beside and BESIDE or NEVER,
	})
end

--- The response while the app's scripts do not load.
---@param req partnerapp.request
---@param why {message: string, traceback: string?, beside: boolean?} one problem or more, each on a line of the
--- message; `beside`: the version before goes on for others
---@return partnerapp.response
function fault.broken(req, why)
	if not config.development then
		return fault.shape(nil, req, refusal.new(500, SORRY))
	elseif req:wants_json() then
		return fault.explain(req, why.message, why.traceback, "")
	end
	return broken_page(req, why)
end

return fault
