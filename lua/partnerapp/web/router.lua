-- Finds the route of a method and a path. Paths without parameters are looked up in a table; the others are in a tree
-- of segments, where a static segment comes before a ":name", and that before a "*rest". Two routes that clash are an
-- error that names both places.

---@class partnerapp.route
---@field method string
---@field path string
---@field handler fun(req: partnerapp.request): partnerapp.response?, string?
---@field where string "init.lua:12"
---@field app table the app it was defined on
---@field names string[]? of its parameters
---@field body_limit integer? bytes; the server's default unless given

local Router = {}
Router.__index = Router

local router = {}

--- An empty router.
function router.new()
	return setmetatable({ exact = {}, tree = {}, list = {} }, Router)
end

-- A part of a path as other frameworks write a parameter: "{id}", "<id>", "<int:id>", "[id]", "$id"; nil for others.
local function foreign(text)
	return text:match "^{([%a_][%w_]*)[^}]*}$"
		or text:match "^<([%a_][%w_]*)>$"
		or text:match "^<[%a_][%w_]*:([%a_][%w_]*)>$"
		or text:match "^%[([%a_][%w_]*)%]$"
		or text:match "^%$([%a_][%w_]*)$"
		or text:match "^@([%a_][%w_]*)$"
end

local function wrong_part(text)
	local name = foreign(text)
	if name then
		return ("'%s' would be matched as it is: a part that may be anything is ':%s'"):format(text, name)
	end
	local kind, rest = text:match "^([:*])(.*)$"
	name = rest and rest:match "^[%a_][%w_]*"
	if kind == "*" and rest ~= name then
		return "all that is left of a path is '*rest': a '*' and a name, not '" .. text .. "'"
	elseif kind and rest ~= name then
		return ("'%s' is not ':' or '*' and a name"):format(text) .. (name and (": use ':%s'"):format(name) or "")
	elseif text:find "[?#]" then
		return "a path has no query: what is after '?' is in req.query"
	elseif not kind and text:find "[*(]" then
		return ("'%s' is not a pattern: a part of a path is plain, ':name' or '*rest'"):format(text)
	end
end

-- The tree's keys for a pattern ("/text", ":" or "*"), and the names of its parameters.
local function keys_of(path)
	local keys, names = {}, {}
	local ended
	for text in path:gmatch("/([^/]*)") do
		if ended then
			return nil, ended .. " must be the last part of a path"
		end
		local problem = wrong_part(text)
		if problem then
			return nil, problem
		end
		local kind, name = text:match("^([:*])(.*)$")
		keys[#keys + 1] = kind or "/" .. text
		names[#names + 1] = name
		ended = kind == "*" and text
	end
	return keys, names
end

local function child(tree, key)
	tree[key] = tree[key] or {}
	return tree[key]
end

--- Adds a route, or returns nil and why not.
---@param route partnerapp.route
---@return true?, string?
function Router:add(route)
	local path = route.path
	if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
		return nil, "a path must begin with '/', not " .. tostring(path)
	end
	local keys, names = keys_of(path)
	if not keys then
		return nil, path .. ": " .. names
	end
	local leaf, key
	if #names == 0 then
		leaf, key = child(self.exact, route.method), path
	else
		route.names = names
		leaf, key = self.tree, " " .. route.method
		for _, step in ipairs(keys) do
			leaf = child(leaf, step)
		end
	end
	if leaf[key] then
		return nil, ("%s %s is already defined at %s"):format(route.method, leaf[key].path, leaf[key].where)
	end
	leaf[key] = route
	self.list[#self.list + 1] = route
	return true
end

-- Walks the tree with the path from `from` on; puts what the parameters matched into `values`.
local function walk(tree, path, from, method, values, depth)
	if from > #path + 1 then
		return tree[" " .. method]
	end
	local stop = path:find("/", from, true) or #path + 1
	local text = path:sub(from, stop - 1)
	local next_tree = tree["/" .. text]
	local found = next_tree and walk(next_tree, path, stop + 1, method, values, depth)
	if found then
		return found
	end
	next_tree = tree[":"]
	if next_tree and text ~= "" then
		values[depth] = text
		found = walk(next_tree, path, stop + 1, method, values, depth + 1)
		if found then
			return found
		end
	end
	next_tree = tree["*"]
	if next_tree then
		values[depth] = path:sub(from)
		return next_tree[" " .. method]
	end
end

--- The route of a path that has parameters, and their values by name.
---@param method string
---@param path string
---@return partnerapp.route?, table<string, string>?
function Router:match(method, path)
	local values = {}
	local route = walk(self.tree, path, 2, method, values, 1)
	if not route then
		return nil
	end
	local params = {}
	for i, name in ipairs(route.names) do
		params[name] = values[i]
	end
	return route, params
end

--- The route of a request; fills in the request's params. HEAD is answered by the route of GET.
---@param req partnerapp.request
---@return partnerapp.route?
function Router:find(req)
	local method, path = req.method, req.path
	if method == "HEAD" then
		method = "GET"
	end
	local by_path = self.exact[method]
	local route = by_path and by_path[path]
	if not route then
		route, req.params = self:match(method, path)
	end
	return route
end

--- The methods that a path is routed for, sorted.
---@param path string
---@return string[]
function Router:allowed(path)
	local seen, list = {}, {}
	for _, route in ipairs(self.list) do
		local method = route.method
		local exact = self.exact[method]
		if not seen[method] and (exact and exact[path] or self:match(method, path)) then
			seen[method] = true
			list[#list + 1] = method
		end
	end
	if #list > 0 then
		if seen.GET and not seen.HEAD then
			list[#list + 1] = "HEAD"
		end
		list[#list + 1] = "OPTIONS"
		table.sort(list)
	end
	return list
end

return router
