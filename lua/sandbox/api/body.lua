-- Bodies of the Config API: JSON whatever the Content-Type is and, unless the sandbox is strict, also with single
-- quotes, as the curl lines of Segment's README have them (A14).
local assumptions = require "assumptions"
local errors = require "api.errors"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local partnerapp = require "partnerapp"
local settings = require "settings"

local body = {}

local LENIENT_MOST = 65536
local MOST = 1 << 20

--- Before a handler: refuses large bodies in Segment's words. The limit of the server itself is higher.
---@param req table
function body.before(req)
	local length = tonumber(req:header "content-length" or "")
		or req:header "transfer-encoding" and #(req.body or "")
		or 0
	if length > MOST then
		partnerapp.refuse(413, "the body is too large: 1 MiB at most")
	end
end

-- The text with double quotes around its single-quoted strings, or nil when a quote has no partner.
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

local function is_strict()
	return settings.strict or not assumptions.lenient_bodies
end

local function read_leniently(req, text)
	if is_strict() or #text > LENIENT_MOST then
		return nil
	end
	local mended = with_double_quotes(text)
	local value = mended and json.decode(mended)
	if value ~= nil then
		req.warning = "the body has single quotes: Segment may refuse it, and --strict does"
		log.warn(req.warning, { route = req.method .. " " .. req.path })
	end
	return value
end

--- The decoded object of a request, or nil and what is wrong with the body. The body is read once.
---@param req table
---@return table? value, string? problem
function body.object(req)
	local known = rawget(req, "object")
	if known ~= nil then
		return known or nil, rawget(req, "problem")
	end
	local text = req.body or ""
	local value, message = json.decode(text)
	if value == nil then
		value = read_leniently(req, text)
	end
	if type(value) == "table" and not json.is_array(value) then
		req.object = value
		return value
	end
	req.object, req.problem = false, "invalid JSON: " .. (message or "an object is expected")
	return nil, req.problem
end

--- The decoded object of a request, or nil and the response that refuses the body.
---@param req table
---@return table? value, table? refusal
function body.read(req)
	local value, problem = body.object(req)
	if not value then
		return nil, errors.invalid(problem)
	end
	return value
end

--- The object that a body has under a resource's singular name, or nil and the response that refuses the body.
---@param req table
---@param resource string "filter"
---@return table? asked, table value_or_refusal the whole body
function body.resource(req, resource)
	local value, refusal = body.read(req)
	if not value then
		return nil, refusal
	end
	local asked = value[resource]
	if type(asked) ~= "table" or json.is_array(asked) then
		return nil, errors.invalid(resource .. " is missing")
	end
	return asked, value
end

--- A boolean, also as the string "true" or "false" unless the sandbox is strict; nil for another value.
---@param value any
---@return boolean?
function body.boolean(value)
	if type(value) == "boolean" then
		return value
	elseif not is_strict() and (value == "true" or value == "false") then
		return value == "true"
	end
end

--- A field of an object; nil for null too.
---@param object table
---@param name string
---@return any
function body.field(object, name)
	local value = object[name]
	if value == json.null then
		return nil
	end
	return value
end

-- The paths of an update mask, which may also be inside of the resource (A29); or nil and what is wrong.
local function mask_paths(value, resource)
	local inside = body.field(value, resource)
	local mask = body.field(value, "update_mask")
	if mask == nil and type(inside) == "table" then
		mask = body.field(inside, "update_mask")
	end
	if mask == nil then
		return {}
	elseif type(mask) ~= "table" or json.is_array(mask) then
		return nil, "update_mask must be an object with paths"
	end
	local paths = body.field(mask, "paths")
	if paths ~= nil and not json.is_array(paths) then
		return nil, "update_mask.paths must be a list"
	end
	return paths or {}
end

--- The fields that an update mask names, or nil and what is wrong with the mask. A path may have the resource in front
--- (A32). Without a mask no field is named.
---@param value table the body
---@param resource string "destination"
---@param known table<string, any> the fields that a mask may name
---@return table<string, true>? named, string? problem
function body.mask(value, resource, known)
	local list, problem = mask_paths(value, resource)
	if not list then
		return nil, problem
	end
	local named, prefix = {}, resource .. "."
	for _, path in ipairs(list) do
		local name = type(path) == "string" and (path:sub(1, #prefix) == prefix and path:sub(#prefix + 1) or path)
		if not name or not known[name] then
			return nil, "update_mask: unknown path " .. (type(path) == "string" and path or "")
		end
		named[name] = true
	end
	return named
end

--- What an update changes: the resource of the body and the fields that its mask names; or nil and the response that
--- refuses the body.
---@param req table
---@param resource string "filter"
---@param known table<string, any> the fields that a mask may name
---@return table? asked, table named_or_refusal
function body.changes(req, resource, known)
	local asked, value = body.resource(req, resource)
	if not asked then
		return nil, value
	end
	local named, problem = body.mask(value, resource, known)
	if not named then
		return nil, errors.invalid(problem)
	end
	return asked, named
end

return body
