-- Answers /readyz, whether this server can do its work (OP-03), and /metrics, its counters, for permitted clients
-- (HT-03).
local address = require "partnerapp.web.address"
local config = require "partnerapp.config"
local log = require "partnerapp.log"
local refusal = require "partnerapp.web.refusal"
local reply = require "partnerapp.reply"
local settings = require "partnerapp.store.settings"

local health = {}

--- Answers /readyz.
---@return partnerapp.response
function health.ready()
	local rows, err = require("native.db").query("SELECT 1")
	if not rows then
		log.error("not ready: the database does not answer", { error = err })
		return reply.text("the database does not answer\n", 503)
	end
	if not require("native.crypto").keys() then
		return reply.text("there is no key in SECRET_KEY to seal with\n", 503)
	end
	return reply.text("ready\n")
end

local function may_see(req)
	if config.development and address.is_loopback(req.ip) then
		return true
	end
	local password = settings.values.ADMIN_PASSWORD
	local sent = (req:header("authorization") or ""):match("^[Bb]earer +(.+)$")
	return password ~= nil and password ~= "" and sent ~= nil and require("native.crypto").equal(sent, password)
end

--- Answers /metrics.
---@param req partnerapp.request
---@return partnerapp.response|partnerapp.refusal
function health.metrics(req)
	if not may_see(req) then
		return refusal.new(
			401,
			"Metrics need the administrator's password as a bearer token.",
			{ ["www-authenticate"] = 'Bearer realm="metrics"' }
		)
	end
	return {
		status = 200,
		headers = { ["content-type"] = "text/plain; version=0.0.4; charset=utf-8", ["cache-control"] = "no-store" },
		body = require("partnerapp.web.metrics").text(),
	}
end

return health
