-- The work that one mapping may cause: a small one can repeat itself so often that it never ends.
---@class partnerapp.destination.work
local work = {}
work.__index = work

local DEPTH_MOST = 100
local STEPS_MOST = 50000 -- values that are looked at
local BYTES_MOST = 4 << 20 -- of strings that are made

---@return partnerapp.destination.work
function work.new()
	return setmetatable({ steps = 0, bytes = 0 }, work)
end

--- Ends the resolving: directives.apply gives the message and the code.
---@param code string
---@param message string
function work.fail(code, message, ...)
	error({ code = code, message = message:format(...) }, 0)
end

--- Counts a value at a depth.
---@param depth integer
function work:step(depth)
	self.steps = self.steps + 1
	if depth > DEPTH_MOST then
		work.fail("too_deep", "the mapping or the event is nested deeper than %d (or holds itself)", DEPTH_MOST)
	elseif self.steps > STEPS_MOST then
		work.fail("too_large", "the mapping looks at more than %d values", STEPS_MOST)
	end
end

--- Counts bytes of a string that is made.
---@param bytes integer
function work:spend(bytes)
	self.bytes = self.bytes + bytes
	if self.bytes > BYTES_MOST then
		work.fail("too_large", "the mapping makes strings of more than %d MiB", BYTES_MOST >> 20)
	end
end

return work
