---@meta native.http
-- Calls out, over libcurl (src/native/http.c): http and https only, TLS verified, no redirects unless asked, no proxies or
-- netrc from the environment, private addresses refused at connect time but for the origins that settings allow.

---@class native.http.request
---@field url string ASCII, at most 8191 bytes
---@field method string? GET unless said; a token
---@field headers table<string, string|string[]>? names are tokens, values free of control bytes; those that frame a message (Content-Length, Connection, …) and Host are refused
---@field body string? its Content-Type is the caller's to say
---@field basic {[1]: string, [2]: string}? user and password, as they are (the caller encodes, RFC 6749 2.3.1)
---@field bearer string?
---@field timeout number? seconds for all of it, redirects included, at most 60; 15 unless said. Also a timeout: less than 10 bytes a second for 30 seconds
---@field connect_timeout number? seconds; 5 unless said
---@field redirects integer? how many to follow, at most 5; 0 unless said. GET and HEAD only; headers given here stay with the first origin
---@field max_bytes integer? of the decoded body, at most 64 MiB; 2 MiB unless said
---@field compressed boolean? ask for and decode gzip and deflate

---@class native.http.response
---@field status integer
---@field headers table<string, string> lower-case names, values of one name joined with ", " (set-cookie: with "\n")
---@field body string
---@field url string the last one

---@class native.http
local http = {}

--- Codes: "usage" (a bad url or header), "timeout", "connect", "dns", "tls", "denied" (a private address), "too_large",
--- "bad_response", "busy" (too many are under way), "cancelled" (the server stops), "http" (anything else). A request that is not idempotent is sent once
--- at most: when a kept connection turns out to be closed, that is a "bad_response".
---@param request native.http.request
---@return native.http.response? response, string? message, string? code
function http.request(request) end

--- Several at once, at most 16; answers in the order of the requests, each a response or { error = message, code = code }.
---@param requests native.http.request[]
---@return (native.http.response|{error: string, code: string})[]
function http.all(requests) end

--- Takes a URL apart strictly (CURLU): http or https, no user info, no control bytes.
---@param url string
---@return {scheme: string, host: string, port: integer, path: string, query: string?, fragment: string?, origin: string}? parts, string? message, string? code "usage"
function http.parse_url(url) end

--- A date of HTTP (RFC 9110 5.6.7).
---@param text string
---@return integer? seconds since 1970
function http.parse_date(text) end

--- Percent-encodes everything but unreserved characters.
---@param text string
---@return string
function http.escape(text) end

return http
