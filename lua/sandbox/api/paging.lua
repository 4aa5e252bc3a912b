-- Lists of the Config API, a page at a time: page_size and page_token in, next_page_token out (A21).
local assumptions = require "assumptions"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local errors = require "api.errors"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"

local paging = {}

local function page_size(req, default)
	local text = req.query.page_size
	if not text or text == "" then
		return default
	end
	local size = text:find "^%d+$" and tonumber(text)
	return size and size > 0 and math.tointeger(math.min(size, assumptions.page_size_most)) or nil
end

local function offset(req)
	local text = req.query.page_token
	if not text or text == "" then
		return 0
	end
	local plain = crypto.unbase64url(text)
	local number = plain and plain:match "^from:(%d+)$"
	return math.tointeger(tonumber(number))
end

--- The response with one page of a list.
---@param req table
---@param field string "sources"
---@param list (table|string)[] resources, or their JSON
---@param default integer? page size
---@return table response
function paging.reply(req, field, list, default)
	local size, from = page_size(req, default or assumptions.page_size), offset(req)
	if not size then
		return errors.invalid "page_size must be a positive number"
	elseif not from or from > #list then
		return errors.invalid "page_token is not valid"
	end
	local texts = {}
	for i = from + 1, math.min(from + size, #list) do
		texts[#texts + 1] = type(list[i]) == "string" and list[i] or json.encode(list[i])
	end
	local next_token = from + size < #list and crypto.base64url("from:" .. from + size) or ""
	local response = reply.json {}
	response.body = ('{"%s":[%s],"next_page_token":"%s"}'):format(field, table.concat(texts, ","), next_token)
	return response
end

--- The response with one page of the rows of a query.
---@param req table
---@param field string "sources"
---@param shown fun(row: table): table|string makes a row a resource, or its JSON
---@param sql string
---@param ... any one for each `?`
---@return table response
function paging.rows(req, field, shown, sql, ...)
	local list = {}
	for i, row in ipairs(assert(db.query(sql, ...))) do
		list[i] = shown(row)
	end
	return paging.reply(req, field, list)
end

return paging
