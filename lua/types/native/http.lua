---@meta native.http
-- Calls out, over libcurl (src/native/http.c): http and https only, TLS is verified, redirects are followed only with
-- `redirects`, through the proxy of the settings, without netrc. Private addresses are refused, but for the origins that settings
-- name.

---@class native.http.request
---@field url string ASCII, at most 8191 bytes
---@field method string? a token; GET when absent
---@field headers table<string, string|string[]>? names are tokens, values have no control bytes; headers that frame a message (Content-Length, Connection, …) and Host are refused
---@field body string? the caller sets its Content-Type
---@field basic {[1]: string, [2]: string}? user and password, as they are (the caller encodes, RFC 6749 2.3.1)
---@field bearer string?
---@field timeout number? seconds for the whole call, with redirects, at most 60; 15 when absent. Less than 10 bytes a second for 30 seconds is a timeout too
---@field connect_timeout number? seconds; 5 when absent
---@field redirects integer? how many to follow, at most 5; 0 when absent. of GET and HEAD without a body; another origin gets none of these headers
---@field max_bytes integer? of the decoded body, at most 64 MiB; 2 MiB when absent
---@field compressed boolean? send Accept-Encoding for gzip and deflate, and decode them

---@class native.http.response
---@field status integer
---@field headers table<string, string> lower-case names, values of one name joined with ", " (set-cookie: with "\n")
---@field body string
---@field url string the URL that answered, after redirects

---@alias native.http.sent
---| "no" the request did not arrive: it may be made again
---| "yes" it arrived: the beginning of an answer came
---| "unknown" at least a part was sent, and nothing tells what became of it

---@class native.http.failure
---@field error string
---@field code string
---@field sent native.http.sent

---@class native.http
local http = {}

--- Makes one call. Codes: "usage" (a bad url or header), "timeout", "connect", "dns", "tls", "denied" (a private
--- address), "too_large", "bad_response", "busy" (too many calls are running, or began in this second), "cancelled" (the
--- server is stopping), "http" (anything else). A request that is not idempotent is sent only once: when the upstream
--- closes a kept connection without an answer, or refuses the request's stream (HTTP/2), the call fails with
--- "bad_response".
---@param request native.http.request
---@return native.http.response? response, string? message, string? code, native.http.sent? sent
function http.request(request) end

--- Whether a request is one that can be made: its url, method, headers and limits. Nothing is looked up or sent.
---@param request native.http.request
---@return true?, string? message, string? code "usage", or "busy" and "http" of `request`
function http.check(request) end

--- Makes several calls at once, at most 16. The answers are in the order of the requests, each a response or
--- a failure.
---@param requests native.http.request[]
---@return (native.http.response|native.http.failure)[]
function http.all(requests) end

--- Makes a connection to an origin (of parse_url) ready, without waiting: one HEAD / without credentials, at most one for
--- an origin in a minute; it may fail. Does nothing outside of a request that is served.
---@param origin string
function http.warm(origin) end

--- Splits a URL, strictly: http or https, without user and password, without control bytes.
---@param url string
---@return {scheme: string, host: string, port: integer, path: string, query: string?, fragment: string?, origin: string}? parts, string? message, string? code "usage"
function http.parse_url(url) end

--- Reads a date of HTTP (RFC 9110 5.6.7).
---@param text string
---@return integer? seconds since 1970
function http.parse_date(text) end

--- Percent-encodes all but the unreserved characters of RFC 3986 2.3.
---@param text string
---@return string
function http.escape(text) end

return http
