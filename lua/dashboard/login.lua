-- Logging in with ADMIN_PASSWORD, and out.
local local_path = require("partnerapp").local_path
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"

local login = {}

local CLOSED = "The dashboard is open only to browsers on this machine that come to the server directly. This one came "
	.. "from elsewhere or through a proxy or tunnel. Set ADMIN_PASSWORD and start again: then it asks for the password."

local function page(req, values, status)
	values.title = "Log in"
	values.width = "narrow"
	values.problem = values.problem or false
	return shell.page(req, "login", values, status)
end

-- Where to go after the login: a page of the dashboard.
local function way_on(address)
	local path = local_path(address)
	return path and path:find "^/dashboard%f[/?\0]" and path or "/dashboard"
end

--- The answer to a request that may not see the dashboard yet.
---@param req partnerapp.request
---@param given partnerapp.host.given
---@return partnerapp.response
function login.ask(req, given)
	if given.administrator.access(req) == "closed" then
		return reply.failed(403, CLOSED, "not_this_machine")
	elseif req:wants_json() or req.method ~= "GET" then
		return reply.failed(401, "Log in to the dashboard first: /dashboard/login.", "admin_password")
	end
	return page(req, { way_on = way_on(req.raw.target) }, 401)
end

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function login.add(pages, given)
	pages:get("/login", function(req)
		if given.administrator.access(req) == "closed" then
			return reply.failed(403, CLOSED, "not_this_machine")
		elseif given.administrator.is_in(req) then
			return reply.redirect "/dashboard"
		end
		return page(req, { way_on = way_on(req.query.next) })
	end)

	pages:post("/login", function(req)
		local response = reply.redirect(way_on(req.form.next))
		if given.administrator.access(req) ~= "password" then
			return response
		end
		local done, problem, wait = given.administrator.log_in(req, response, req.form.password or "")
		if done then
			return response
		end
		response = page(req, { way_on = way_on(req.form.next), problem = problem }, wait and 429 or 401)
		response.headers["retry-after"] = wait and tostring(wait) or nil
		return response
	end, { begins_session = true })

	pages:post("/logout", function(req)
		local response = reply.redirect "/dashboard"
		given.administrator.log_out(req, response)
		return response
	end)
end

return login
