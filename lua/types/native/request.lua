---@meta native.request
-- The request that runs now (src/native/request.c). After the response every access raises "request is over".

--- What the host passes to entry.handle: fields are made when asked for.
---@class native.request
---@field method string
---@field path string decoded
---@field target string as sent
---@field query_string string? not decoded
---@field headers table<string, string> lower-case names; values of one name joined with ", " (cookie: "; ")
---@field query table<string, string> the first value of each name; escapes were checked before anyone saw the request
---@field cookies table<string, string> the first of each name
---@field body string? nil when there is none
---@field ip string the peer's address
---@field host string without port, lower case
---@field id string

local request = {}

--- Every value of a name in an urlencoded text, in order.
---@param text string
---@param name string
---@return string[]
function request.values(text, name) end

--- Parses application/x-www-form-urlencoded: at most 256 fields, escapes and UTF-8 strict, no NUL.
---@param text string
---@return table<string, string>? fields the first value of each name, string? message, string? code "bad_form"
function request.parse_form(text) end

--- Parses a Cookie header.
---@param text string
---@return table<string, string>
function request.parse_cookies(text) end

return request
