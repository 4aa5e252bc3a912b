-- Lists of the Config API, a page at a time: page_size and page_token in, next_page_token out (A21).
local assumptions = require "assumptions"
local crypto = require "partnerapp.crypto"
local errors = require "errors"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"

local pages = {}

local function page_size(req, default)
	local text = req.query.page_size
	if not text or text == "" then
		return default
	end
	local size = text:find("^%d+$") and math.tointeger(tonumber(text))
	return size and size > 0 and math.min(size, assumptions.A21_page_size_most) or nil
end

local function offset(req)
	local text = req.query.page_token
	if not text or text == "" then
		return 0
	end
	local plain = crypto.unbase64url(text)
	local number = plain and plain:match("^from:(%d+)$")
	return math.tointeger(tonumber(number))
end

--- The response with one page of a list.
---@param req table
---@param field string "sources"
---@param list table[]
---@param default integer? page size
---@return table response
function pages.reply(req, field, list, default)
	local size, from = page_size(req, default or assumptions.A21_page_size), offset(req)
	if not size then
		return errors.api(3, "page_size must be a positive number")
	elseif not from or from > #list then
		return errors.api(3, "page_token is not valid")
	end
	local page = json.array {}
	table.move(list, from + 1, math.min(from + size, #list), 1, page)
	local next_token = from + size < #list and crypto.base64url("from:" .. from + size) or ""
	return reply.json { [field] = page, next_page_token = next_token }
end

return pages
