-- What the sandbox was asked and what it answered, for tests and for people who look: the newest thousand requests, and
-- counts of all.
local db = require "partnerapp.db"
local faults = require "control.faults"
local json = require "partnerapp.json"
local store = require "store"

local request_log = {}

local KEPT, EVERY = 1000, 200
local COUNTS_MOST = 10000 -- different methods and paths

local COUNTS = [[SELECT key, sum(count) AS count FROM (SELECT key, count FROM counts UNION ALL
	SELECT method || ' ' || path, count(*) FROM requests GROUP BY 1) GROUP BY key LIMIT 10000]]
local NEWEST = "SELECT * FROM (SELECT * FROM requests ORDER BY n DESC LIMIT ?) ORDER BY n"

local SECRET = { authorization = true, cookie = true, ["proxy-authorization"] = true, ["x-csrf-token"] = true }
local SCHEMES = { basic = true, bearer = true }

-- The scheme is of use to whoever debugs, what follows it is nobody's business.
local function mask(value)
	local scheme = value:match("^(%a+) ")
	return scheme and SCHEMES[scheme:lower()] and scheme .. " ***" or "***"
end

-- Bytes that are no UTF-8 cannot be shown as JSON.
local function readable(text)
	return text and (utf8.len(text) and text or text:gsub("[\x80-\xff]", "?"))
end

local function masked(headers)
	local shown = {}
	for name, value in pairs(headers) do
		shown[name] = SECRET[name] and mask(value) or readable(value)
	end
	return shown
end

local function forget(newest)
	assert(db.transaction(function()
		assert(
			db.exec_soon(
				[[INSERT INTO counts (key, count) SELECT method || ' ' || path, count(*) FROM requests WHERE n <= ? GROUP BY 1
				ON CONFLICT (key) DO UPDATE SET count = count + excluded.count]],
				newest
			)
		)
		return db.exec_soon("DELETE FROM requests WHERE n <= ?", newest)
	end))
	assert(
		db.exec_soon(
			"DELETE FROM counts WHERE key IN (SELECT key FROM counts ORDER BY count DESC LIMIT -1 OFFSET ?)",
			COUNTS_MOST
		)
	)
end

--- After a response: keeps the request. Pages about the sandbox and its control API are not of interest.
---@param req table
---@param response table
function request_log.note(req, response)
	local path = req.path
	if path:find("^/_sandbox/") or path:find("^/static/") or path == "/" or path == "/assumptions" then
		return
	end
	local _, n = db.exec_soon(
		"INSERT INTO requests (time, method, path, query, headers, status, warning) VALUES (?, ?, ?, ?, ?, ?, ?)",
		store.now(),
		req.method,
		path,
		readable(req.raw.query_string),
		store.encode(masked(req.headers)),
		response.status,
		rawget(req, "warning")
	)
	if n and n % EVERY == 0 and n > KEPT then
		forget(n - KEPT)
	end
end

--- All that is kept, newest last, and counts by method and path.
---@return {requests: table[], counts: table<string, integer>, held: integer}
function request_log.all()
	local list, counts = json.array {}, {}
	for _, row in ipairs(assert(db.query(COUNTS))) do
		counts[row.key] = row.count
	end
	for i, row in ipairs(assert(db.query(NEWEST, KEPT))) do
		list[i] = {
			time = store.timestamp(row.time),
			method = row.method,
			path = row.path,
			query = row.query,
			headers = store.decode(row.headers),
			status = row.status,
			warning = row.warning,
		}
	end
	return { requests = list, counts = counts, held = faults.held() }
end

return request_log
