-- /readyz: whether this server can do its work (OP-03). /healthz is answered by C, also while scripts are broken.
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"

local readiness = {}

--- Answers /readyz.
---@return partnerapp.response
function readiness.serve()
	local rows, err = require("native.db").query "SELECT 1"
	if not rows then
		log.error("not ready: the database does not answer", { error = err })
		return reply.text("the database does not answer\n", 503)
	end
	if not require("native.crypto").keys() then
		return reply.text("there is no key in SECRET_KEY to seal with\n", 503)
	end
	return reply.text "ready\n"
end

return readiness
