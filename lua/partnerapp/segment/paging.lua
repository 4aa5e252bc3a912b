-- Lists of the Config API come in pages (docs/segment.md 3.2); an iterator goes through all of them:
--
--   for source, err in client:sources(workspace) do
--       if not source then return nil, err end
--       …
--   end
--
-- When a page fails, the loop has one last turn with false, message, code, details.
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local scripts = require "native.scripts"

---@class partnerapp.segment.pages
local Pages = {}

local MOST = 100 -- items of one page

local function fetch(self)
	local query = ("?page_size=%d"):format(MOST)
	if self.token then
		query = query .. "&page_token=" .. http.escape(self.token)
	end
	local body, err, code, details = self.client:request("GET", self.path .. query)
	if not body then
		return nil, err, code, details
	end
	local items = body[self.field]
	if items == nil and self.single and type(body.name) == "string" then
		items = { body } -- one resource in place of a list (docs/segment.md 3.3)
	elseif items == nil then
		items = {}
	elseif not json.is_array(items) then
		return nil, "Segment's answer has no list where a list belongs", "bad_response"
	end
	local token = body.next_page_token
	if token == nil or token == json.null or token == "" then
		token = nil
	elseif type(token) ~= "string" then
		return nil, "Segment's answer has a next_page_token that is not a string", "bad_response"
	elseif self.seen[token] then
		return nil, "Segment names the same page twice", "bad_response"
	end
	if token then
		self.seen[token] = true
	end
	self.token = token
	return items
end

local function step(self)
	while not self.over do
		self.at = self.at + 1
		local item = self.items[self.at]
		if item ~= nil then
			return item
		elseif self.begun and not self.token then
			self.over = true
			return nil
		end
		local items, err, code, details = fetch(self)
		if not items then
			self.over = true
			return false, err, code, details
		end
		self.begun, self.items, self.at = true, items, 0
	end
end

local FIELDS = { token = true, begun = true, over = true } -- which may be nil

-- Pages are not a list: ipairs and # would see an empty one.
local function not_a_list()
	local message =
		"%s: pages of Segment are not a list: write `for item, err in pages do … end`, or take pages:all()"
	error(message:format(scripts.caller()), 0)
end

local function index(_, name)
	local found = Pages[name]
	if found == nil and not FIELDS[name] then
		not_a_list()
	end
	return found
end

local Meta = { __index = index, __len = not_a_list, __pairs = not_a_list, __call = step, __name = "pages" }

--- Everything that is left, as one list.
---@return table[]? items, string? message, string? code, table? details
function Pages:all()
	local items = json.array {}
	for item, err, code, details in self do
		if not item then
			return nil, err, code, details
		end
		items[#items + 1] = item
	end
	return items
end

local paging = {}

--- An iterator over a list.
---@param client partnerapp.segment.client
---@param path string of the collection
---@param field string the key of the list in its pages
---@param single boolean? whether one resource may be in place of the list
---@return partnerapp.segment.pages
function paging.new(client, path, field, single)
	return setmetatable({
		client = client,
		path = path,
		field = field,
		single = single == true,
		items = {},
		at = 0,
		seen = {},
	}, Meta)
end

return paging
