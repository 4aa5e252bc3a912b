---@meta native.request
-- The request that runs now (src/native/request.c). After the response every access raises "request is over".

--- What the host passes to entry.handle. Each access makes its value anew: partnerapp.request keeps what was asked for.
---@class native.request
---@field method string
---@field path string decoded
---@field target string as sent
---@field query_string string? not decoded
---@field headers table<string, string> lower-case names; values of one name joined with ", " (cookie: "; ")
---@field body string? nil when there is none
---@field ip string the peer's address
---@field host string without port, lower case
---@field id string

local request = {}

--- One header, without making the table of all of them.
---@param raw native.request
---@param name string lower case
---@return string?
function request.header(raw, name) end

--- Every value of a name in an urlencoded text, in order; strict as parse_form.
---@param text string
---@param name string
---@return string[]? values, string? message, string? code "bad_form"
function request.values(text, name) end

--- Parses application/x-www-form-urlencoded: at most 256 fields, escapes and UTF-8 strict, no NUL.
---@param text string
---@return table<string, string>? fields the first value of each name, string? message, string? code "bad_form"
function request.parse_form(text) end

--- Parses a Cookie header: the first of each name, quotes around a value taken off.
---@param text string
---@return table<string, string>
function request.parse_cookies(text) end

--- What a Set-Cookie line cannot carry as it is.
---@param name string
---@param value string
---@return "name"|"value"|nil
function request.cookie_problem(name, value) end

return request
