-- The values of a destination's settings when it is tried: what a customer would set at Segment comes from .env and the
-- environment, under the destination's slug and the setting's name: ACME_API_KEY for api_key and apiKey of acme.
local members = require "partnerapp.destination.members"
local nearest = require "partnerapp.nearest"
local settings = require "partnerapp.store.settings"

local customer_settings = {}

local function upper(name)
	return (name:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):gsub("[^%w]+", "_"):upper())
end

--- The name of a setting in .env.
---@param slug string of the destination
---@param name string of the setting
---@return string
function customer_settings.env_name(slug, name)
	return upper(slug) .. "_" .. upper(name)
end

--- The required settings that have no value, with the names that .env has for them.
---@param destination table
---@param values table<string, any>
---@return {name: string, env: string}[]
function customer_settings.missing(destination, values)
	local list = {}
	for _, field in ipairs(destination.settings) do
		if field.required == true and values[field.name] == nil then
			local env = field.env or customer_settings.env_name(destination.slug, field.name)
			list[#list + 1] = { name = field.name, env = env }
		end
	end
	return list
end

--- What is wrong with the names of a destination's settings in .env: two settings of one name, or a name that is a
--- setting of the server.
---@param destination table see destination/definition
---@return string[]
function customer_settings.problems(destination)
	local problems, seen = {}, {}
	for _, field in ipairs(destination.settings) do
		local name = customer_settings.env_name(destination.slug, field.name)
		if seen[name] then
			problems[#problems + 1] = ("the settings '%s' and '%s' are both %s in .env"):format(
				seen[name],
				field.name,
				name
			)
		elseif settings.is_of_server(name) then
			problems[#problems + 1] = ("the setting '%s' would be %s in .env, which is a setting of the server"):format(
				field.name,
				name
			)
		end
		seen[name] = seen[name] or field.name
	end
	return problems
end

--- What stands for a secret: "test-" and the name of the setting, or an address that is made of it.
---@param name string of the setting
---@param value string? the secret
---@return string
function customer_settings.stand_in(name, value)
	if value and value:find "^https?://" then
		return ("https://test-%s.example"):format((name:gsub("[^%w]+", "-"):lower()))
	end
	return "test-" .. name
end

--- The message about a setting that a destination does not have.
---@param destination table
---@param name string
---@return string? message nil when it has the setting
function customer_settings.unknown(destination, name)
	local names = {}
	for i, field in ipairs(destination.settings) do
		if field.name == name then
			return nil
		end
		names[i] = field.name
	end
	return ("%s has no setting '%s'%s"):format(destination.name, name, nearest(name, names))
end

local READ = {}

function READ.boolean(text)
	if text == "true" or text == "1" then
		return true
	elseif text == "false" or text == "0" then
		return false
	end
	return text
end

function READ.number(text)
	return math.tointeger(tonumber(text)) or tonumber(text) or text
end

-- Of an address with a path the path only, so that a story shows which host is called.
local function mask(value)
	local rest = value:match "^https?://[^/?#]+(.+)$"
	require("native.log").mask(rest and #rest > 4 and rest or value)
end

--- Masks the passwords among values that came with a request, in log lines from then on.
---@param destination table
---@param values table<string, any> by setting name
function customer_settings.mask(destination, values)
	for _, field in ipairs(destination.settings) do
		local value = values[field.name]
		if field.type == "password" and type(value) == "string" then
			mask(value)
		end
	end
end

local function number_for(field)
	local least, most = field.minimum, field.maximum
	local value = least and least ~= 0 and math.max(least, 1) or 1
	return most and most ~= 0 and math.min(value, most) or value
end

-- What stands for a required setting that is not set, so that a try goes on to the requests.
local function value_for(field)
	if field.choices then
		return field.choices[1].value
	elseif field.type == "number" then
		return number_for(field)
	elseif field.type == "boolean" then
		return false
	elseif field.format == "email" then
		return ("test-%s@example.com"):format(field.name)
	end
	return customer_settings.stand_in(field.name, field.format == "uri" and "https://" or nil)
end

--- Settings of a recording as the destination has them now: without those that it does not have, and with a stand-in
--- for a required one that is missing.
---@param destination table
---@param values table<string, any>
---@return table
function customer_settings.completed(destination, values)
	local completed = members.new()
	for _, field in ipairs(destination.settings) do
		local value = values[field.name]
		if value == nil and field.required == true then
			value = field.default == nil and value_for(field) or field.default
		end
		members.set(completed, field.name, value)
	end
	return completed
end

--- The values, from `given`, else .env and the environment, else the defaults. Passwords are masked in log lines from
--- then on. A value that is missing is absent; with `stand_ins` a required one has a stand-in, such as "test-api_key".
---@param destination table
---@param given table<string, any>? by setting name; strings are read as the setting's type
---@param stand_ins boolean?
---@return table values, table<string, string> from setting name → where it comes from
function customer_settings.values(destination, given, stand_ins)
	local values, from = {}, {}
	for _, field in ipairs(destination.settings) do
		local name = field.env or customer_settings.env_name(destination.slug, field.name)
		local value, source = given and given[field.name], "given"
		if value == nil then
			value, source = settings.find(name), name
		end
		if value == nil then
			value, source = field.default, "its default"
		end
		if value == nil and stand_ins and field.required == true then
			value = value_for(field)
			source = ("a stand-in, for %s is not set"):format(name)
		elseif field.type == "password" and type(value) == "string" then
			mask(value)
		end
		if type(value) == "string" and READ[field.type] then
			value = READ[field.type](value)
		end
		values[field.name], from[field.name] = value, value ~= nil and source or nil
	end
	return values, from
end

return customer_settings
