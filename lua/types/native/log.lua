---@meta native.log
-- Skin over src/base/log.c and src/base/stats.c.

---@class native.log
local log = {}

--- Writes one line with the request's id; secrets registered with `mask` are replaced. A message is cut at 4 KiB (SBX-14),
--- a script gets 200 lines a second, the rest are counted and dropped.
---@param level "debug"|"info"|"warn"|"error"
---@param message string
---@param fields table<string, string|number|boolean>?
function log.write(level, message, fields) end

--- From now on every line shows the value as ***.
---@param secret string
function log.mask(secret) end

--- The string with each secret that was registered with `mask` as ***, as a line would show it. Bytes that are not part of
--- a secret stay as they are.
---@param text string
---@return string
function log.masked(text) end

--- The id of the request that this VM handles now.
---@return string? id nil outside of a request
function log.request_id() end

--- All counters, and how long requests took: `counts[i]` of them at most `bounds[i]` seconds and more than the bound
--- before, the last count those beyond every bound; `seconds` is their sum.
---@return {name: string, help: string, kind: "counter"|"gauge", value: integer}[] counters
---@return {bounds: number[], counts: integer[], seconds: number} durations
function log.metrics() end

return log
