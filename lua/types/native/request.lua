---@meta native.request
-- The request object of a handler (src/native/request.c). After the response every access raises "request is over".

--- The argument of entry.handle. Each access makes a new value: partnerapp.web.request keeps values that were read.
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
---@field forwarding string? the name of the first header that a proxy adds: x-forwarded-for, forwarded or x-real-ip
---@field prefetch boolean whether a browser loads the address ahead of a visit: Sec-Purpose, Purpose, X-Purpose, X-Moz
---@field unusual boolean whether one of these two is set, or the Host is not the first of the server's: asked first

local request = {}

--- The value of one header, without making the table of all headers.
---@param raw native.request
---@param name string in any case
---@return string?
function request.header(raw, name) end

--- All values of a name in an urlencoded string, in order; as strict as parse_form.
---@param text string
---@param name string
---@return string[]? values, string? message, string? code "bad_form"
function request.values(text, name) end

--- Parses application/x-www-form-urlencoded: at most 256 fields, valid escapes, valid UTF-8, no NUL.
---@param text string
---@return table<string, string>? fields the first value of each name, string? message, string? code "bad_form"
function request.parse_form(text) end

--- Parses a Cookie header: the first cookie of each name, without quotes around its value.
---@param text string
---@return table<string, string>
function request.parse_cookies(text) end

--- All values of a cookie, in the order of a Cookie header: also behind a comma, with which some proxies join two
--- headers. A value ends at white space, a comma or a quote.
---@param text string
---@param name string
---@return string[]
function request.cookie_values(text, name) end

--- Tells whether Set-Cookie can carry a cookie (RFC 6265 4.1.1): nil when it can, else which part it cannot carry.
---@param name string
---@param value string
---@return "name"|"value"|nil
function request.cookie_problem(name, value) end

return request
