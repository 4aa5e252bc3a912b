-- The server's clock. Only the sandbox may move its clock and wait; tests may too.
local sys = require "native.sys"

local clock = {}

--- Seconds since 1970, with a fraction.
---@return number
clock.now = sys.now

--- UTC in RFC 3339 with milliseconds: "2018-09-24T17:08:04.138Z".
---@param seconds number
---@return string
clock.timestamp = sys.timestamp

-- Raises for any other server, at the line of the app.
local function only_the_sandbox()
	if sys.server() ~= "sandbox" and not sys.settings().TESTING then
		error("only the sandbox may move its clock or wait", 3)
	end
end

--- Moves this server's time forward.
---@param seconds number
function clock.advance(seconds)
	only_the_sandbox()
	sys.advance(seconds)
end

--- Waits: the sandbox holds requests on purpose.
---@param seconds number at most 1
---@return boolean go_on false when the server is stopping
function clock.wait(seconds)
	only_the_sandbox()
	return sys.sleep(seconds)
end

--- Sets the clock back to the true time.
function clock.reset()
	only_the_sandbox()
	sys.reset_clock()
end

return require("partnerapp.hints.names").strict("partnerapp.clock", clock)
