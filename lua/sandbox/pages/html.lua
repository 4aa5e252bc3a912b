-- HTML pages of the sandbox: the banner that says what they are (OP-07), and the headers that their forms and scripts
-- need.
local reply = require "partnerapp.reply"

local html = {}

local BANNER = "SANDBOX: a local stand-in for Segment"

--- A page of views/NAME.html.
---@param name string
---@param values table
---@param status integer?
---@return table response
function html.show(name, values, status)
	values.banner = BANNER
	return reply.view(name, values, status)
end

--- A page with a form. Its referrer policy is `same-origin`, because browsers send `Origin: null` from a page without
--- referrers. Chromium applies form-action also to the redirect after a form, so the policy names its target.
---@param name string
---@param values table
---@param status integer?
---@param leads_to string? the redirect URI after the form
---@return table response
function html.form(name, values, status, leads_to)
	local response = html.show(name, values, status)
	response.headers["referrer-policy"] = "same-origin"
	if leads_to then
		local scheme, authority = leads_to:match "^(%a[%w+.-]*):(//[%w.:%[%]_~%%-]+)"
		local web = scheme and scheme:lower():find "^https?$"
		local origin = web and scheme .. ":" .. authority or scheme and scheme .. ":"
		response.headers["content-security-policy"] = reply.policy { form_action = origin }
	end
	return response
end

--- A page that its script keeps up to date (static/live.js).
---@param name string
---@param values table
---@return table response
function html.live(name, values)
	local response = html.show(name, values)
	response.headers["content-security-policy"] = reply.policy { connect_src = "'self'" }
	return response
end

return html
