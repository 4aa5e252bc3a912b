---@meta native.log
-- Log lines (src/base/log.c) and counters (src/base/stats.c).

---@class native.log
local log = {}

--- Writes one line with the id of the request. Secrets that were registered with `mask` appear as ***. A message is cut
--- at 4 KiB, of the fields the first 16 by name are written, and a VM may write 200 lines in one second: further
--- ones are dropped (SBX-14).
---@param level "debug"|"info"|"warn"|"error"
---@param message string
---@param fields table<string, string|number|boolean>?
function log.write(level, message, fields) end

--- Writes one line at info about a refused request, with its id. At most 100 at once and ten a second are written in the
--- whole process: the others are counted, and the next line says how many were left out (LG-03).
---@param message string "request refused"
---@param status integer
---@param reason string? a short stable word; one of the status unless given
---@param peer string? the address of the connection
---@param client string? the address that a trusted proxy named, when it is another one
---@return string reason the one that was written
function log.refused(message, status, reason, peer, client) end

--- The time at which a call out begins, for `called`; nil when calls are not logged: the level is not debug, and this is
--- not development on a terminal.
---@return integer?
function log.call_begins() end

--- Logs a call out that has ended: on a terminal below the line of the request. Of the URL no query is shown.
---@param begun integer
---@param method string
---@param url string
---@param status integer? nil: there was no answer
---@param code string? why not
function log.called(begun, method, url, status, code) end

--- From now on fn(text) gets what scripts print, instead of the log; nil: the log again. For tests.
---@param fn fun(text: string)?
function log.on_print(fn) end

--- From now on the secret appears as *** in every line, also percent-encoded, in a JSON string and in base64.
---@param secret string
function log.mask(secret) end

--- A copy of the string with *** in place of each secret that was registered with `mask`.
---@param text string
---@return string
function log.masked(text) end

--- The id of the request that this VM handles now.
---@return string? id nil outside of a request
function log.request_id() end

--- All counters, and the histogram of request durations: `counts[i]` requests took at most `bounds[i]` seconds and more
--- than the bound before; the last count is of those above all bounds. `seconds` is the sum of all durations.
---@return {name: string, help: string, kind: "counter"|"gauge", value: integer}[] counters
---@return {bounds: number[], counts: integer[], seconds: number} durations
---@return {server: string, kind: string, method: string, path: string, id: string, line: string}[] hung where scripts
--- hang now; what is unknown is empty
function log.metrics() end

return log
