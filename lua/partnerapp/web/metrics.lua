-- /metrics: the counters of native.log as Prometheus text exposition 0.0.4, for clients that may see them (HT-03).
local log = require "native.log"
local refusal = require "partnerapp.web.refusal"
local settings = require "partnerapp.store.settings"

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

local HUNG = [[
# HELP partnerapp_script_hung A script that hangs in a C function and cannot be interrupted, and where
# TYPE partnerapp_script_hung gauge
]]
local LABELS = { "server", "kind", "method", "path", "id", "line" }
local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

-- A line for each script that hangs.
local function hung_scripts(places)
	local lines = { HUNG }
	for _, place in ipairs(places) do
		local labels = {}
		for i, name in ipairs(LABELS) do
			labels[i] = ('%s="%s"'):format(name, (place[name]:gsub('[\\"\n]', ESCAPES)))
		end
		lines[#lines + 1] = ("partnerapp_script_hung{%s} 1\n"):format(table.concat(labels, ","))
	end
	return table.concat(lines)
end

-- Everything that is counted.
local function exposition()
	local counters, durations, hung = log.metrics()
	local lines = {}
	for i, about in ipairs(counters) do
		lines[i] = counter(about)
	end
	lines[#lines + 1] = histogram(durations)
	lines[#lines + 1] = hung_scripts(hung)
	return table.concat(lines)
end

-- How often a bearer password is looked at: enough for a scraper, too few for guesses (HT-28).
local PER_SECOND, BURST = 1, 20

-- nil when the request may see the metrics, else the refusal.
local function refused(req)
	if require "partnerapp.web.open_to"(req) then
		return nil
	end
	local password = settings.values.ADMIN_PASSWORD
	local sent = (req:header("authorization") or ""):match("^[Bb]earer +(.+)$")
	if password and password ~= "" and sent then
		local network = require("partnerapp.web.proxies").network(req.ip)
		local wait = require("native.limit").take("metrics " .. network, PER_SECOND, BURST)
		if wait > 0 then
			local after = { ["retry-after"] = ("%d"):format(math.ceil(wait)) }
			return refusal.new(429, "Too many requests for the metrics.", after, "admin_password")
		elseif require("native.crypto").equal(sent, password) then
			return nil
		end
	end
	return refusal.new(
		401,
		"Metrics need the administrator's password as a bearer token.",
		{ ["www-authenticate"] = 'Bearer realm="metrics"' },
		"admin_password"
	)
end

--- Answers /metrics.
---@param req partnerapp.request
---@return partnerapp.response|partnerapp.refusal
function metrics.serve(req)
	return refused(req)
		or {
			status = 200,
			headers = { ["content-type"] = "text/plain; version=0.0.4; charset=utf-8", ["cache-control"] = "no-store" },
			body = exposition(),
		}
end

return metrics
