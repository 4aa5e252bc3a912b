-- Bodies of the Config API: JSON whatever the Content-Type says, and, unless --strict, also with single quotes, as the
-- curl lines of Segment's README send them (A14).
local assumptions = require "assumptions"
local errors = require "errors"
local json = require "partnerapp.json"

local body = {}

-- The same text with its single-quoted strings in double quotes, or nil when quotes do not match up.
local function with_double_quotes(text)
	local out, at, quote = {}, 1, nil
	while at <= #text do
		local byte = text:sub(at, at)
		if byte == "\\" and quote then
			local escaped = text:sub(at + 1, at + 1)
			out[#out + 1] = escaped == "'" and "'" or byte .. escaped
			at = at + 1
		elseif not quote and (byte == "'" or byte == '"') then
			quote = byte
			out[#out + 1] = '"'
		elseif byte == quote then
			quote = nil
			out[#out + 1] = '"'
		elseif byte == '"' then
			out[#out + 1] = '\\"'
		else
			out[#out + 1] = byte
		end
		at = at + 1
	end
	return quote == nil and table.concat(out) or nil
end

local LENIENT_MOST = 65536

--- Whether tolerance is off.
---@param app table
---@return boolean
function body.is_strict(app)
	return app.env.SANDBOX_STRICT ~= "" or not assumptions.A14_lenient_bodies
end

--- The decoded object of a request, or nil and the response that refuses it.
---@param app table
---@param req table
---@return table? value, table? refusal
function body.read(app, req)
	local text = req.body or ""
	local value, message = json.decode(text)
	if value == nil and not body.is_strict(app) and #text <= LENIENT_MOST then
		local mended = with_double_quotes(text)
		value = mended and json.decode(mended)
	end
	if type(value) ~= "table" or json.is_array(value) then
		return nil, errors.api(3, "invalid JSON: " .. (message or "an object is expected"))
	end
	return value
end

--- A boolean, also as the text "true" or "false" unless strict; nil when it is something else.
---@param app table
---@param value any
---@return boolean?
function body.boolean(app, value)
	if type(value) == "boolean" then
		return value
	elseif not body.is_strict(app) and (value == "true" or value == "false") then
		return value == "true"
	end
end

return body
