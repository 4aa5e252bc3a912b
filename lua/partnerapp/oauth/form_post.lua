-- The callback of a server that has the browser send a form to it (OAuth 2.0 Form Post Response Mode). A POST from
-- another site carries no cookie that is SameSite=Lax, so the flow's cookie is missing; the browser is led to the GET
-- callback with the same parameters, where it sends that cookie. Nothing is decided or written here.
local short = require "partnerapp.short"

local form_post = {}

local MOST = 4096 -- bytes of one parameter; Microsoft's codes have some 1,500
local QUERY_MOST = 6144 -- the server takes 8 KiB of path and query

-- In the order in which they are sent on; whether each is text for people, which is cut instead of refused.
local PARAMETERS = {
	{ "state" },
	{ "code" },
	{ "error" },
	{ "iss" },
	{ "error_description", true },
	{ "error_hint", true },
}

--- The query of the GET callback; nil when a parameter is too long or has bytes that none has.
---@param params table<string, string> each there once
---@return string?
function form_post.query(params)
	local fields = {}
	for _, one in ipairs(PARAMETERS) do
		local name, is_text = one[1], one[2]
		local value = params[name]
		if value and is_text then
			value = short(value)
		elseif value and (#value > MOST or value:find "[^\x20-\x7e]") then
			return nil
		end
		fields[#fields + 1] = value and { name, value }
	end
	local query = require("partnerapp.http").form(fields)
	return #query <= QUERY_MOST and query or nil
end

return form_post
