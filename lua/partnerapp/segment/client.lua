-- A client with all its operations.
local call = require "partnerapp.segment.call"

---@class partnerapp.segment.client
---@field token fun(): string?, string?, string?
---@field renew (fun(): string?, string?, string?)?
---@field scope string?
---@field user {[1]: string, [2]: string}?
---@field patience number
local Client = require("partnerapp.hints.names").strict(
	"the Segment client",
	{},
	{ renew = true, scope = true, user = true, token = true }
)
Client.__index = Client
Client.__metatable = false

--- One call of the API; all operations use it.
Client.request = call

require "partnerapp.segment.sources"(Client)
require "partnerapp.segment.destinations"(Client)
require "partnerapp.segment.filters"(Client)
require "partnerapp.segment.tracking_plans"(Client)
require "partnerapp.segment.apps"(Client)

---@param fields table
---@return partnerapp.segment.client
return function(fields)
	return setmetatable(fields, Client)
end
