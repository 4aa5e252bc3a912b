---@meta native.sys
-- Clocks, settings and environment (src/native/sys.c).

---@class native.sys
local sys = {}

--- The server's clock: seconds since 1970 with a fraction. sys.advance moves it.
---@return number
function sys.now() end

--- Seconds of a clock that never goes back, for durations.
---@return number
function sys.monotonic() end

--- Collects all garbage of this VM.
function sys.collect() end

--- Moves the server's clock; less than 0 moves it back.
---@param seconds number
function sys.advance(seconds) end

--- Sets the server's clock back to the true time.
function sys.reset_clock() end

--- Waits, for work of another process that cannot signal its end.
---@param seconds number at most 1
---@return boolean go_on false when the server is stopping
function sys.sleep(seconds) end

--- The settings that this server was started with, as strings. Secrets are among them: an app cannot require this
--- module.
---@return table<string, string>
function sys.settings() end

--- A variable of the process's environment, for an app's own settings.
---@param name string
---@return string?
function sys.env(name) end

--- The server's name: "app", "sandbox".
---@return string
function sys.server() end

--- A time in UTC as RFC 3339 with milliseconds: "2018-09-24T17:08:04.138Z".
---@param seconds number
---@return string
function sys.timestamp(seconds) end

--- The version of the program.
---@type string
sys.version = nil

return sys
