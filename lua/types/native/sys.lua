---@meta native.sys
-- Clocks and settings (src/native/sys.c).

---@class native.sys
local sys = {}

--- Seconds since 1970 with a fraction; the sandbox can move it.
---@return number
function sys.now() end

--- Seconds of a clock that only goes forward.
---@return number
function sys.monotonic() end

--- Moves this server's clock forward.
---@param seconds number
function sys.advance(seconds) end

--- Back to the true time.
function sys.reset_clock() end

--- Waits. For what another process will have done, which nothing else tells.
---@param seconds number at most 1
---@return boolean go_on false once the server ends what is under way
function sys.sleep(seconds) end

--- The settings this server was started with: names and text values. Secrets are among them, so app scripts never see
--- this module.
---@return table<string, string>
function sys.settings() end

--- A variable of the process's environment, for an app's own settings.
---@param name string
---@return string?
function sys.env(name) end

--- The server's name: "app", "sandbox".
---@return string
function sys.server() end

--- UTC, RFC 3339 with milliseconds: "2018-09-24T17:08:04.138Z".
---@param seconds number
---@return string
function sys.timestamp(seconds) end

--- PARTNERAPP_VERSION.
---@type string
sys.version = nil

return sys
