-- What all pages of the dashboard have around them: the navigation, how one gets in and out, and pages about refusals.
local config = require "partnerapp.config"
local reply = require "partnerapp.reply"

local shell = {}

-- The subjects in the navigation.
local SUBJECTS = {
	{ path = "/dashboard", text = "Overview" },
	{ path = "/dashboard/installs", text = "Installs" },
	{ path = "/dashboard/destinations", text = "Destinations" },
	{ path = "/dashboard/tester", text = "Tester" },
	{ path = "/dashboard/traffic", text = "Traffic" },
	{ path = "/dashboard/deliveries", text = "Events" },
}

-- Pages ask whether there is something new (traffic.js, tester.js).
local POLICY = reply.policy { connect_src = "'self'" }

--- Keeps on the request what the layout shows.
---@param req partnerapp.request
---@param given partnerapp.host.given
function shell.begin(req, given)
	req.dashboard = {
		is_in = given.administrator.is_in(req),
		is_open = given.administrator.access(req) == "open",
		app_name = given.app.name,
	}
end

-- The subject that a path belongs to: the one with the longest path.
local function current(path)
	local found
	for _, subject in ipairs(SUBJECTS) do
		local is_below = path == subject.path or path:sub(1, #subject.path + 1) == subject.path .. "/"
		if is_below and (not found or #subject.path > #found.path) then
			found = subject
		end
	end
	return found
end

--- A page of the dashboard.
---@param req partnerapp.request
---@param name string of a view of this room
---@param values table with `title`
---@param status integer?
---@return partnerapp.response
function shell.page(req, name, values, status)
	local around = rawget(req, "dashboard") or { is_in = false, is_open = false, app_name = "app" }
	values.around = around
	values.subjects = around.is_in and SUBJECTS or {}
	values.current = current(req.path)
	values.banner = config.banner
	values.csrf = req:csrf_field()
	values.width = values.width or "wide"
	local response = reply.view("partnerapp_dashboard/" .. name, values, status)
	response.headers["content-security-policy"] = POLICY
	return response
end

local TITLES = { [403] = "Not allowed", [404] = "Not found", [405] = "Not possible", [503] = "Not available right now" }

--- How a refusal becomes a response: see app:failed.
---@param req partnerapp.request
---@param status integer
---@param message string
---@return partnerapp.response
function shell.failed(req, status, message)
	if req:wants_json() then
		return reply.json({ error = message, request_id = req.id }, status)
	end
	local title = TITLES[status] or (status < 500 and "Request refused" or "Something went wrong")
	return shell.page(req, "refusal", { title = title, message = message, status = status, id = req.id }, status)
end

return shell
