-- What the sandbox was asked, for tests and for people who look: the newest thousand requests and counts of all.
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local store = require "store"

local record = {}

local KEPT = 1000

local function masked(headers)
	local shown = {}
	for name, value in pairs(headers) do
		shown[name] = name == "authorization" and value:match("^%S+") .. " ***" or name == "cookie" and "***" or value
	end
	return shown
end

local function insert(req, status)
	if req.path:find("^/_sandbox/") or req.path:find("^/static/") or req.path == "/" then
		return
	end
	local _, n = db.exec_soon(
		"INSERT INTO requests (time, method, path, query, headers, status) VALUES (?, ?, ?, ?, ?, ?)",
		store.now(),
		req.method,
		req.path,
		req.raw.query_string,
		store.encode(masked(req.headers)),
		status
	)
	if n and n % 100 == 0 then
		db.exec_soon("DELETE FROM requests WHERE n <= ?", n - KEPT)
	end
	rawset(req, "recorded", true)
end

--- Before a routed request.
function record.note(req)
	insert(req)
end

--- A request that no route took, or that failed.
function record.note_unrouted(req, status)
	if not rawget(req, "recorded") then
		insert(req, status)
	end
end

--- All that is kept, newest last, and counts by method and path.
function record.all()
	local list = json.array {}
	local counts = {}
	for _, row in ipairs(assert(db.query("SELECT * FROM requests ORDER BY n DESC LIMIT ?", KEPT))) do
		table.insert(list, 1, {
			time = row.time,
			method = row.method,
			path = row.path,
			query = row.query,
			headers = store.decode(row.headers),
		})
		local key = row.method .. " " .. row.path
		counts[key] = (counts[key] or 0) + 1
	end
	return { requests = list, counts = counts }
end

return record
