-- The requests that the sandbox answered, for tests and for people: the newest thousand, and counts of all.
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local masking = require "control.masking"
local store = require "store"

local request_log = {}

local KEPT = 1000
local EVERY = 200 -- one request of so many turns the older ones into counts
local COUNTS_MOST = 10000 -- different methods and paths

local PAGES = { ["/"] = true, ["/assumptions"] = true }

local COUNTS = [[SELECT key, sum(count) AS count FROM (SELECT key, count FROM counts UNION ALL
	SELECT method || ' ' || path, count(*) FROM requests GROUP BY 1) AS both_tables GROUP BY key LIMIT 10000]]
local NEWEST = [[SELECT time, method, path, query, headers, status, warning FROM
	(SELECT * FROM requests ORDER BY n DESC LIMIT ?) AS newest ORDER BY n]]
local INSERT = [[INSERT INTO requests (n, time, method, path, query, headers, status, warning, body, answer)
	VALUES ((SELECT coalesce(max(n), 0) + 1 FROM requests), ?, ?, ?, ?, ?, ?, ?, ?, ?)]]

local function count_and_forget(newest)
	assert(db.transaction(function()
		assert(
			db.exec(
				[[INSERT INTO counts (key, count) SELECT method || ' ' || path, count(*) FROM requests WHERE n <= ? GROUP BY 1
				ON CONFLICT (key) DO UPDATE SET count = counts.count + excluded.count]],
				newest
			)
		)
		return db.exec("DELETE FROM requests WHERE n <= ?", newest)
	end))
	assert(
		db.exec_soon(
			"DELETE FROM counts WHERE key NOT IN (SELECT key FROM counts ORDER BY count DESC LIMIT ?)",
			COUNTS_MOST
		)
	)
end

--- After a response: stores the request. Requests of the control API and of pages about the sandbox are left out.
---@param req table
---@param response table
function request_log.note(req, response)
	response.logged = true -- here: faults are asked for, and would be errors in the log otherwise
	local path = req.path
	if path:find "^/_sandbox/" or path:find "^/static/" or path:find "^/stories/" or PAGES[path] then
		return
	end
	db.exec_soon(
		INSERT,
		store.now(),
		req.method,
		masking.path(path),
		masking.query(req.raw.query_string),
		store.encode(masking.headers(req.headers)),
		response.status,
		rawget(req, "warning"),
		masking.body(req.raw.body, req:header "content-type"),
		masking.answer(response)
	)
	if math.random(EVERY) == 1 then
		local newest = db.row "SELECT max(n) AS n FROM requests"
		if newest and newest.n and newest.n > KEPT then
			count_and_forget(newest.n - KEPT)
		end
	end
end

--- The stored requests, newest last, and the counts of all by method and path.
---@return {requests: table[], counts: table<string, integer>}
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
	return { requests = list, counts = counts }
end

return request_log
