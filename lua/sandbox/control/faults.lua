-- Faults that the control API orders: the next requests of a method and a path get another response, a late one, a
-- broken one or none. A fault with a status or a body answers instead of the handler; without them the handler runs, and
-- its response is late or broken. A barrier holds requests until a number of them has come.
local bomb = require "control.bomb"
local clock = require "partnerapp.clock"
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local store = require "store"

local faults = {}

-- How the server can break a response while it sends it.
local SENT = { drip = true, reset = true, truncate = true, wrong_length = true }
local MODES = { bomb = true, hold = true }
for mode in pairs(SENT) do
	MODES[mode] = true
end

local TIMES_MOST, BARRIER_MOST = 100000, 100 -- each held request takes one of the sandbox's 128 workers
local DELAY_MOST_MS, HELD_MOST_SECONDS, STEP = 60000, 60, 0.01

local METHODS = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }

-- The server writes these itself and sends no response that brings its own; wrong_length is there for the length.
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
			return "headers must be names and texts"
		elseif SERVERS_OWN[name:lower()] then
			return "headers: the server sets " .. name .. " itself"
		end
	end
end

local function place_problem(asked)
	if type(asked) ~= "table" or json.is_array(asked) then
		return "a JSON object is expected"
	elseif asked.method ~= nil and not METHODS[asked.method] then
		return "method must be GET, POST, PUT, PATCH or DELETE"
	elseif type(asked.path) ~= "string" or asked.path:sub(1, 1) ~= "/" then
		return "path must begin with /; a * stands for anything"
	end
end

local function fault_problem(asked)
	local problem = place_problem(asked)
	if problem then
		return problem
	elseif asked.times ~= nil and not is_integer(asked.times, 1, TIMES_MOST) then
		return "times must be a positive number"
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
			"INSERT INTO faults (method, path, left, waiting, released, body) VALUES (?, ?, ?, 0, 0, ?)",
			asked.method,
			asked.path,
			times,
			store.encode(asked)
		)
	)
end

--- Adds a fault. nil, or what is wrong with it.
---@param asked any method, path, times, status, headers, body, delay_ms, mode
---@return string?
function faults.add(asked)
	local problem = fault_problem(asked)
	if not problem then
		insert(asked, asked.times or 1)
	end
	return problem
end

--- Holds the next `count` requests of a method and a path until the last of them has come.
---@param asked any method, path, count
---@return string? problem
function faults.add_barrier(asked)
	local problem = place_problem(asked)
	if problem then
		return problem
	elseif not is_integer(asked.count, 2, BARRIER_MOST) then
		return ("count must be from 2 to %d"):format(BARRIER_MOST)
	end
	insert({ method = asked.method, path = asked.path, barrier = true }, asked.count)
end

--- Lets all go that are held.
function faults.release()
	assert(db.exec_soon("UPDATE faults SET released = 1"))
end

--- How many requests are held right now.
---@return integer
function faults.held()
	return db.row("SELECT coalesce(sum(waiting), 0) AS count FROM faults").count
end

--- Takes all back; those that are held go on.
function faults.clear()
	assert(db.exec_soon("DELETE FROM faults"))
end

-- The fault that is due, one time fewer left; the oldest first.
local function take(req)
	if not db.row("SELECT 1 FROM faults WHERE left > 0 LIMIT 1") then
		return nil
	end
	local method = req.method == "HEAD" and "GET" or req.method
	while true do
		local row = db.row(
			"SELECT n, body FROM faults WHERE left > 0 AND coalesce(method, ?1) = ?1 AND ?2 GLOB path ORDER BY n LIMIT 1",
			method,
			req.path
		)
		if not row then
			return nil
		elseif assert(db.exec_soon("UPDATE faults SET left = left - 1 WHERE n = ? AND left > 0", row.n)) > 0 then
			return store.decode(row.body), row.n
		end
	end
end

-- Until `is_over` says so, the fault is gone, a minute has passed or the server ends what is under way.
local function hold(n, is_over)
	assert(db.exec_soon("UPDATE faults SET waiting = waiting + 1 WHERE n = ?", n))
	for _ = 1, HELD_MOST_SECONDS // STEP do
		local row = db.row("SELECT left, released FROM faults WHERE n = ?", n)
		if not row or row.released == 1 or is_over(row) or not clock.wait(STEP) then
			break
		end
	end
	assert(db.exec_soon("UPDATE faults SET waiting = waiting - 1 WHERE n = ?", n))
end

local function all_came(row)
	return row.left == 0
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

--- Before a handler: what a fault does with the request. A response when it is the fault that answers.
---@param req table
---@return table? response
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
	response.spoil = rawget(req, "fault")
end

return faults
