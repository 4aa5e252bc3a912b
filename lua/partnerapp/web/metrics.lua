-- The counters of native.log as Prometheus text exposition 0.0.4.
local log = require "native.log"

local metrics = {}

local DURATIONS = [[
# HELP partnerapp_request_seconds Time from a request's head to its answer
# TYPE partnerapp_request_seconds histogram
]]

local function counter(about)
	return ("# HELP partnerapp_%s %s\n# TYPE partnerapp_%s %s\npartnerapp_%s %d\n"):format(
		about.name,
		about.help,
		about.name,
		about.kind,
		about.name,
		about.value
	)
end

-- Each bucket counts what took at most its bound: native.log counts what took more than the bound before.
local function histogram(durations)
	local lines, total = { DURATIONS }, 0
	for i, count in ipairs(durations.counts) do
		local bound = durations.bounds[i]
		total = total + count
		lines[#lines + 1] = ('partnerapp_request_seconds_bucket{le="%s"} %d\n'):format(
			bound and ("%g"):format(bound) or "+Inf",
			total
		)
	end
	lines[#lines + 1] = ("partnerapp_request_seconds_sum %.6f\n"):format(durations.seconds)
	lines[#lines + 1] = ("partnerapp_request_seconds_count %d\n"):format(total)
	return table.concat(lines)
end

--- Everything that is counted.
---@return string
function metrics.text()
	local counters, durations = log.metrics()
	local lines = {}
	for i, about in ipairs(counters) do
		lines[i] = counter(about)
	end
	lines[#lines + 1] = histogram(durations)
	return table.concat(lines)
end

return metrics
