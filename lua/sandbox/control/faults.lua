-- Faults that the control API adds: the next requests of a method and a path get another response, a late one, a broken
-- one or none. A fault with a status or a body answers instead of the handler; without them the handler runs, and its
-- response is late or broken. A barrier holds requests until a number of them has come.
local bomb = require "control.bomb"
local clock = require "partnerapp.clock"
local db = require "partnerapp.db"
local fields = require "control.fields"
local glob = require "glob"
local json = require "partnerapp.json"
local store = require "store"

local faults = {}

-- Modes that the server applies while it sends a response.
local SENT = { drip = true, reset = true, truncate = true, wrong_length = true }
local MODES = { bomb = true, hold = true }
for mode in pairs(SENT) do
	MODES[mode] = true
end

local TIMES_MOST, BARRIER_MOST = 100000, 100 -- each held request takes one of the sandbox's 128 workers
local DELAY_MOST_MS, HELD_MOST_SECONDS, STEP = 60000, 60, 0.01

local FAULT = { "method", "path", "times", "status", "headers", "body", "delay_ms", "mode" }
local BARRIER = { "method", "path", "count" }

local METHODS = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }

-- Headers that the server writes itself; it sends no response that has them. The mode wrong_length is for the length.
local SERVERS_OWN =
	{ connection = true, ["content-length"] = true, date = true, ["keep-alive"] = true, ["transfer-encoding"] = true }

local function is_integer(value, least, most)
	return math.type(value) == "integer" and value >= least and value <= most
end

local function headers_problem(headers)
	if type(headers) ~= "table" or json.is_array(headers) then
		return "headers must be an object"
	end
	for name, value in pairs(headers) do
		if not name:find "^[%w!#$%%&'*+.^_`|~-]+$" or type(value) ~= "string" or value:find "[%c\x7f]" then
			return "headers must have names and values that HTTP allows"
		elseif SERVERS_OWN[name:lower()] then
			return "headers: the server sets " .. name .. " itself"
		end
	end
end

local function place_problem(asked, known)
	local problem = fields.problem(asked, known)
	if problem then
		return problem
	elseif asked.method ~= nil and not METHODS[asked.method] then
		return "method must be GET, POST, PUT, PATCH or DELETE"
	elseif type(asked.path) ~= "string" or asked.path:sub(1, 1) ~= "/" then
		return "path must begin with /; * in it is any text"
	end
end

local function fault_problem(asked)
	local problem = place_problem(asked, FAULT)
	if problem then
		return problem
	elseif asked.times ~= nil and not is_integer(asked.times, 1, TIMES_MOST) then
		return ("times must be from 1 to %d"):format(TIMES_MOST)
	elseif asked.status ~= nil and not is_integer(asked.status, 200, 599) then
		return "status must be from 200 to 599"
	elseif asked.delay_ms ~= nil and not is_integer(asked.delay_ms, 0, DELAY_MOST_MS) then
		return ("delay_ms must be from 0 to %d"):format(DELAY_MOST_MS)
	elseif asked.mode ~= nil and not MODES[asked.mode] then
		return "mode must be drip, reset, truncate, wrong_length, bomb or hold"
	end
	return asked.headers ~= nil and headers_problem(asked.headers) or nil
end

local function insert(asked, times)
	assert(
		db.exec(
			[[INSERT INTO faults (n, method, path, remaining, waiting, released, body)
				VALUES ((SELECT coalesce(max(n), 0) + 1 FROM faults), ?, ?, ?, 0, 0, ?)]],
			asked.method,
			asked.path,
			times,
			store.encode(asked)
		)
	)
end

--- Adds a fault.
---@param asked any method, path, times, status, headers, body, delay_ms, mode; see docs/sandbox.md
---@return string? problem what is wrong with the fault; nil when it was added
function faults.add(asked)
	local problem = fault_problem(asked)
	if not problem then
		insert(asked, asked.times or 1)
	end
	return problem
end

--- Adds a barrier: holds the next `count` requests of a method and a path until the last of them has come.
---@param asked any method, path, count
---@return string? problem what is wrong with the barrier; nil when it was added
function faults.add_barrier(asked)
	local problem = place_problem(asked, BARRIER)
	if problem then
		return problem
	elseif not is_integer(asked.count, 2, BARRIER_MOST) then
		return ("count must be from 2 to %d"):format(BARRIER_MOST)
	end
	insert({ method = asked.method, path = asked.path, barrier = true }, asked.count)
end

--- Lets all requests go on that are held now.
function faults.release()
	assert(db.exec_soon("UPDATE faults SET released = 1"))
end

--- The number of requests that are held now.
---@return integer
function faults.held()
	return db.row("SELECT coalesce(sum(waiting), 0) AS count FROM faults").count
end

--- Deletes all faults and barriers; held requests go on.
function faults.clear()
	assert(db.exec_soon("DELETE FROM faults"))
end

-- The oldest fault for a request, and its number. One of its remaining times is used up.
local function take(req)
	local method = req.method == "HEAD" and "GET" or req.method
	for _, row in ipairs(assert(db.query "SELECT n, method, path FROM faults WHERE remaining > 0 ORDER BY n")) do
		if (not row.method or row.method == method) and glob.matches(req.path, row.path) then
			local fault = db.row("SELECT body FROM faults WHERE n = ?", row.n)
			local sql = "UPDATE faults SET remaining = remaining - 1 WHERE n = ? AND remaining > 0"
			if fault and assert(db.exec_soon(sql, row.n)) > 0 then
				return store.decode(fault.body), row.n
			end
		end
	end
end

-- Holds a request until `is_over` says so, the fault is deleted, a minute has passed or the server stops.
local function hold(n, is_over)
	assert(db.exec_soon("UPDATE faults SET waiting = waiting + 1 WHERE n = ?", n))
	for _ = 1, HELD_MOST_SECONDS // STEP do
		local row = db.row("SELECT remaining, released FROM faults WHERE n = ?", n)
		if not row or row.released == 1 or is_over(row) or not clock.wait(STEP) then
			break
		end
	end
	assert(db.exec_soon("UPDATE faults SET waiting = waiting - 1 WHERE n = ?", n))
end

local function all_came(row)
	return row.remaining == 0
end

local function never()
	return false
end

local function pause(ms)
	while ms > 0 and clock.wait(math.min(ms, 1000) / 1000) do
		ms = ms - 1000
	end
end

local function answer(fault)
	local response = { status = fault.status or (fault.mode == "bomb" and 200 or 500), headers = {}, body = "" }
	local body = fault.body
	if fault.mode == "bomb" then
		body = bomb()
		response.headers["content-encoding"] = "gzip"
		response.headers["content-type"] = "application/json"
	elseif body ~= nil and type(body) ~= "string" then
		body = store.encode(body)
		response.headers["content-type"] = "application/json"
	elseif body ~= nil then
		response.headers["content-type"] = "text/plain; charset=utf-8"
	end
	for name, value in pairs(fault.headers or {}) do
		response.headers[name:lower()] = value
	end
	response.body = body or ""
	return response
end

--- Before a handler: applies the next fault of the request.
---@param req table
---@return table? response of the fault; nil when the handler is to run
function faults.before(req)
	if req.path:find "^/_sandbox/" then
		return nil
	end
	local fault, n = take(req)
	if not fault then
		return nil
	end
	req.fault = SENT[fault.mode] and fault.mode or nil
	if fault.barrier then
		hold(n, all_came)
		return nil
	elseif fault.mode == "hold" then
		hold(n, never)
	end
	pause(fault.delay_ms or 0)
	if fault.status or fault.body ~= nil or fault.mode == "bomb" then
		req.warning = "a fault of the control API answered"
		return answer(fault)
	end
end

--- After a response: tells the server how to break it, when a fault says so.
---@param req table
---@param response table
function faults.after(req, response)
	response.fault = rawget(req, "fault")
end

return faults
