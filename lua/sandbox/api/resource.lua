-- A resource of the Config API: its routes, who may call them, and the row that a path names.
local access = require "api.access"
local db = require "partnerapp.db"
local errors = require "api.errors"
local reply = require "partnerapp.reply"
local store = require "store"

local resource = {}

local OPERATIONS = {
	{ name = "list", method = "get", action = "read" },
	{ name = "create", method = "post", action = "write" },
	{ name = "get", method = "get", action = "read", of_item = true },
	{ name = "patch", method = "patch", action = "write", of_item = true },
	{ name = "put", method = "put", action = "write", of_item = true },
	{ name = "delete", method = "delete", action = "write", of_item = true },
}

--- Wraps a handler so that it gets what `find` finds: handler(req, found, token). The response is 404 when that is
--- nothing, or when the handler returns nothing.
---@param find fun(req: table, token: table?): any
---@param handler fun(req: table, found: any, token: table?): table?
---@return fun(req: table, token: table?): table
function resource.found(find, handler)
	return function(req, token)
		local found = find(req, token)
		return found and handler(req, found, token) or errors.not_found()
	end
end

--- A handler that deletes an item.
---@param statements string[] SQL, each with one `?`
---@param key string? the column of the item that is bound; "name" when absent
---@return fun(req: table, row: table): table
function resource.deletion(statements, key)
	return function(_, row)
		for _, sql in ipairs(statements) do
			assert(db.exec(sql, row[key or "name"]))
		end
		return reply.json {}
	end
end

--- A handler that answers with an item.
---@param shown fun(row: table): table makes a row a resource
---@return fun(req: table, row: table): table
function resource.showing(shown)
	return function(_, row)
		return reply.json(shown(row))
	end
end

---@class sandbox.resource
---@field parent (fun(req: table, token: table): any)? finds what the collection belongs to, for list and create
---@field find (fun(req: table, token: table): table?)? finds the item, for the others
---@field list (fun(req: table, parent_or_token: any): table)?
---@field create (fun(req: table, parent_or_token: any): table)?
---@field get (fun(req: table, row: table): table)?
---@field patch (fun(req: table, row: table): table)?
---@field put (fun(req: table, row: table): table)?
---@field delete (fun(req: table, row: table): table)?
---@field guard (fun(action: string, handler: function, about: function?): function)? access.guard when absent
---@field about table<string, function>? by operation: source and slug, see access.guard

--- Adds the routes of a resource. What changes something runs in a transaction.
---@param app table
---@param collection string path of list and create
---@param item string what the path of an item has after that: "/:filter"
---@param parts sandbox.resource
function resource.add(app, collection, item, parts)
	local guard, about = parts.guard or access.guard, parts.about or {}
	for _, operation in ipairs(OPERATIONS) do
		local name, method, handler = operation.name, operation.method, parts[operation.name]
		if handler then
			local find = parts[operation.of_item and "find" or "parent"]
			handler = find and resource.found(find, handler) or handler
			handler = operation.action == "write" and store.in_transaction(handler) or handler
			local path = operation.of_item and collection .. item or collection
			local options = method ~= "get" and { csrf = false } or nil
			app[method](app, path, guard(operation.action, handler, about[name]), options)
		end
	end
end

return resource
