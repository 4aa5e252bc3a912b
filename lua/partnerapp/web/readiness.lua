-- /readyz: whether this server can do its work (OP-03). /healthz is answered by C, also while scripts are broken.
local db = require "native.db"
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"
local schema = require "partnerapp.store.schema"
local shared = require "native.shared"
local sys = require "native.sys"

local readiness = {}

-- Seconds between two writes that try the database, however often is asked: after one that worked, and one that failed.
local PAUSE, PAUSE_FAILED = 5, 1
local NAME = "readiness" -- of the last result: when, and the error, empty for none

local WRITE = "INSERT INTO pa_readiness (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at"

local function try_to_write()
	local ok, err = schema.prepare "readiness"
	if ok then
		ok, err = db.exec_soon(WRITE, sys.now())
	end
	return not ok and err or ""
end

local function note(problem)
	shared.put(NAME, ("%.3f %s"):format(sys.monotonic(), problem))
end

-- Why the database cannot be written to; empty when it can. Tries it, or returns the last result while that is new.
-- While one request tries, the others have the result before.
local function write_problem()
	local at, before = (shared.get(NAME) or ""):match "^(%S+) (.*)$"
	if at and sys.monotonic() - tonumber(at) < (before == "" and PAUSE or PAUSE_FAILED) then
		return before
	end
	note(before or "")
	local problem = try_to_write()
	note(problem)
	if problem ~= "" then
		log.error("not ready: the database cannot be written to", { error = problem })
	end
	return problem
end

--- Answers /readyz.
---@return partnerapp.response
function readiness.serve()
	local rows, err = db.query "SELECT 1"
	if not rows then
		log.error("not ready: the database does not answer", { error = err })
		return reply.text("the database does not answer\n", 503)
	elseif write_problem() ~= "" then
		return reply.text("the database cannot be written to\n", 503)
	end
	if not require("native.crypto").keys() then
		return reply.text("there is no key in SECRET_KEY to seal with\n", 503)
	end
	return reply.text "ready\n"
end

return readiness
