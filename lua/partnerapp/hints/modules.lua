-- What may have been meant by the name of a module that is not found.
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"

-- Modules that people know from elsewhere.
local HABITS = {
	["cjson"] = "partnerapp.json",
	["cjson.safe"] = "partnerapp.json",
	["dkjson"] = "partnerapp.json",
	["lunajson"] = "partnerapp.json",
	["socket.http"] = "partnerapp.http",
	["ssl.https"] = "partnerapp.http",
	["resty.http"] = "partnerapp.http",
	["http.request"] = "partnerapp.http",
	["requests"] = "partnerapp.http",
	["axios"] = "partnerapp.http",
	["lsqlite3"] = "partnerapp.db",
	["luasql.sqlite3"] = "partnerapp.db",
	["lapis.db"] = "partnerapp.db",
	["pgmoon"] = "partnerapp.db",
	["busted"] = "partnerapp.testing",
	["luaunit"] = "partnerapp.testing",
	["lapis"] = "partnerapp",
	["express"] = "partnerapp",
}

-- The modules that an app may require: its own, and the library's flat files.
local function known()
	local list = {}
	for _, name in ipairs(scripts.list "app") do
		local module = name:match "^(.*)%.lua$"
		if module and module ~= "init" and not module:find "^tests/" then
			list[#list + 1] = module:gsub("/init$", ""):gsub("/", ".")
		end
	end
	for _, name in ipairs(scripts.list "library") do
		local module = name:match "^([%w_]+)%.lua$"
		if module then
			list[#list + 1] = module == "init" and "partnerapp" or "partnerapp." .. module
		end
	end
	return list
end

local function did_you_mean(module)
	return (": did you mean '%s'?"):format(module)
end

-- The module of the library that is nearest to a name without "partnerapp." in front: as part of both names that would
-- make any two short ones near.
local function nearest_of_library(name, list)
	local short = {}
	for _, module in ipairs(list) do
		short[#short + 1] = module:match "^partnerapp%.(.+)$"
	end
	return (nearest(name, short, true):gsub("'(.-)'", "'partnerapp.%1'"))
end

--- The end of the message about a module that is not found.
---@param name string as it was required
---@return string "" when nothing is near
return function(name)
	local list = known()
	local path = name:gsub("^%./", ""):gsub("%.lua$", ""):gsub("/", ".")
	for _, module in ipairs(list) do
		if module == path or module == "partnerapp." .. path then
			return did_you_mean(module)
		end
	end
	if HABITS[name] then
		return did_you_mean(HABITS[name])
	end
	local text = nearest(name, list, true)
	return text ~= "" and text or nearest_of_library(name, list)
end
