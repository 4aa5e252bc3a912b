-- The server's clock. The sandbox moves its own and waits; nothing else may.
local sys = require "native.sys"

local clock = {}

--- Seconds since 1970, with a fraction.
---@return number
clock.now = sys.now

--- UTC in RFC 3339 with milliseconds: "2018-09-24T17:08:04.138Z".
---@param seconds number
---@return string
clock.timestamp = sys.timestamp

-- An app lives in true time; tests may move it.
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

--- Waits: for a request that is held on purpose.
---@param seconds number at most 1
---@return boolean go_on false once the server ends what is under way
function clock.wait(seconds)
	only_the_sandbox()
	return sys.sleep(seconds)
end

--- Back to the true time.
function clock.reset()
	only_the_sandbox()
	sys.reset_clock()
end

return clock
