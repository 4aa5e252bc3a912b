-- Events to try a destination with, in the form in which Segment delivers them (Spec: Common Fields). The same in every
-- run.
local json = require "partnerapp.json"
local mappings = require "partnerapp.destination.mappings"

local samples = {}

local COMMON = [[
	"messageId": "ajs-next-1f0a5d2c-0000-4000-8000-000000000001",
	"anonymousId": "507f191e810c19729de860ea",
	"userId": "u-1001",
	"channel": "client",
	"context": {
		"ip": "203.0.113.7",
		"library": { "name": "analytics.js", "version": "2.11.1" },
		"locale": "en-US",
		"page": { "path": "/shop", "referrer": "", "search": "", "title": "Shop", "url": "https://shop.example/shop" },
		"userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
	},
	"integrations": {},
	"originalTimestamp": "2026-01-15T09:30:00.000Z",
	"receivedAt": "2026-01-15T09:30:01.000Z",
	"sentAt": "2026-01-15T09:30:00.500Z",
	"timestamp": "2026-01-15T09:30:00.500Z"
}]]

local OWN = {
	track = [["type": "track", "event": "Order Completed", "properties": {
		"order_id": "50314b8e9bcf000000000000", "total": 27.5, "currency": "USD",
		"products": [
			{ "product_id": "507f1f77bcf86cd799439011", "name": "Monopoly: 3rd Edition", "price": 19, "quantity": 1 },
			{ "product_id": "505bd76785ebb509fc183733", "name": "Uno Card Game", "price": 3, "quantity": 2 }
		]
	}]],
	identify = [["type": "identify", "traits": {
		"email": "jane@example.com", "firstName": "Jane", "lastName": "Doe", "plan": "premium", "logins": 5,
		"createdAt": "2025-11-02T08:00:00.000Z"
	}]],
	page = [["type": "page", "name": "Home", "category": "Shop", "properties": {
		"path": "/shop", "referrer": "", "title": "Shop", "url": "https://shop.example/shop"
	}]],
	screen = [["type": "screen", "name": "Home", "properties": { "variation": "blue signup button" }]],
	group = [["type": "group", "groupId": "g-77", "traits": {
		"name": "Initech", "industry": "Technology", "employees": 329, "plan": "enterprise"
	}]],
	alias = [["type": "alias", "previousId": "anonymous-77"]],
	delete = [["type": "delete"]],
}

samples.NAMES = { "track", "identify", "page", "screen", "group", "alias", "delete" }

--- A new event of that type; nil for another name.
---@param name string
---@return table?
function samples.event(name)
	local own = OWN[name]
	return own and assert(json.decode("{" .. own .. ",\n" .. COMMON, { order = true }))
end

-- Whether a mapping of the destination takes an event; an app's handlers take those of their type.
local function is_taken(destination, event, only, mapping)
	if destination.handlers then
		return destination.handlers[event.type] ~= nil
	end
	for _, one in ipairs(mappings.of(destination, only, mapping)) do
		if one.takes_all or one.parsed and one.parsed:matches(event) then
			return true
		end
	end
	return false
end

--- The sample to begin with: the first that a mapping of the destination takes, else "track".
---@param destination table see destination/definition
---@param only string? the name of an action
---@param mapping table? in place of that action's own
---@return string name
function samples.fitting(destination, only, mapping)
	for _, name in ipairs(samples.NAMES) do
		if name ~= "delete" and is_taken(destination, samples.event(name), only, mapping) then
			return name
		end
	end
	return "track"
end

return samples
