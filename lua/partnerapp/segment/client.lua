-- A client with all its operations.
local call = require "partnerapp.segment.call"

---@class partnerapp.segment.client
---@field token fun(): string?, string?, string?
---@field renew (fun(): string?, string?, string?)?
---@field scope string?
---@field user {[1]: string, [2]: string}?
---@field patience number
local Client = {}
Client.__index = Client
Client.__metatable = false

--- One call of the API; all operations use it.
Client.request = call

local OPTIONAL = { renew = true, scope = true, user = true, token = true }

-- The operations that are not loaded yet: most requests use one of them, or none.
local groups = {
	function()
		require "partnerapp.segment.destinations"(Client)
	end,
	function()
		require "partnerapp.segment.sources"(Client)
	end,
	function()
		require "partnerapp.segment.filters"(Client)
	end,
	function()
		require "partnerapp.segment.tracking_plans"(Client)
	end,
	function()
		require "partnerapp.segment.apps"(Client)
	end,
}

local Strict = getmetatable(require("partnerapp.hints.names").strict("the Segment client", Client, OPTIONAL))
local unknown = Strict.__index

-- Loads one group after the other until one has the operation.
function Strict.__index(client, name)
	while groups[1] and not OPTIONAL[name] do
		table.remove(groups, 1)()
		local operation = rawget(Client, name)
		if operation then
			return operation
		end
	end
	return unknown(client, name) -- raises at the caller's line
end

---@param fields table
---@return partnerapp.segment.client
return function(fields)
	return setmetatable(fields, Client)
end
