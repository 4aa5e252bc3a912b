-- What went in and out over HTTP, as src/traffic has stored it: each request to the app with its response, refusals
-- made in C too, and each call out with its answer. Secrets were replaced by *** before anything was stored; all else
-- is byte for byte. What a customer or an upstream has sent is in here: escape it like any other input.
local traffic = require "native.traffic"

local exchanges = {}

local LIMIT, LIMIT_MOST = 50, 200
local FLOW_MOST = 500
local FEW, FEW_BYTES = 500, 100 -- exchanges, and bytes of a search, that are compared one by one

--- One exchange in a list.
---@class partnerapp.traffic.summary
---@field id integer grows with each exchange; the order in which they were stored, which is about that of their ends
---@field direction "in"|"out" a request to the app, or a call out
---@field at number when it began, in seconds since 1970
---@field took number in seconds, to the whole answer; for "in" to the response, without sending it
---@field method string "" when the request could not be read
---@field url string in: the target as sent, "/installs/7?a=b"; out: the whole URL
---@field status integer? nil when no answer came
---@field outcome string "answered"; "refused" (in, without a script); or the code of the failure (out: "timeout")
---@field error string? why: the reason of a refusal, or the message of a failure
---@field request_id string? in: its X-Request-Id; out: that of the request whose script made the call, nil in a job
---@field install string? the id of the install that it was about, when that is known
---@field flow string? a hash of the OAuth flow's state, when it belongs to one; never the state

--- One exchange with its bytes.
---@class partnerapp.traffic.exchange: partnerapp.traffic.summary
---@field peer string? in: the address of the connection; out: the URL that answered, when redirects led to another
---@field request_headers [string, string][] name and value in the order sent, repeated ones too
---@field request_body string
---@field request_size integer how many bytes the body had
---@field request_note "cut"|"packed"|nil see below
---@field response_headers [string, string][]
---@field response_body string
---@field response_size integer
---@field response_note "cut"|"packed"|nil "cut": the body is the first 256 KiB; "packed": the body is not kept, for it
--- has a Content-Encoding, and secrets inside of it cannot be found

---@class partnerapp.traffic.filter
---@field direction "in"|"out"|nil
---@field status integer? the class: 2 for 200 to 299; 0 for those without an answer
---@field outcome string?
---@field install string?
---@field flow string?
---@field search string? a part of URL, headers or bodies, in any case of letters; fewer than 3 characters: of URLs only
---@field before integer? only exchanges with a smaller id: `next` of the page before
---@field limit integer? 1 to 200; without it 50

--- Whether exchanges are kept: TRAFFIC is on, and this is the app's server.
---@return boolean
function exchanges.are_kept()
	return traffic.state() ~= nil
end

--- A number that changes when an exchange was added; 0 while there is none. It takes microseconds: for pages that ask
--- each second.
---@return integer? version, string? message, string? code "off" when exchanges are not kept
function exchanges.version()
	local row, err, code = traffic.row "SELECT coalesce(max(id), 0) AS id FROM exchanges"
	if not row then
		return nil, err, code
	end
	return row.id
end

--- How many exchanges were dropped since the start, for more came than could be stored; and where the others are kept.
---@return {dropped: integer, waiting: integer, place: string}? state nil when exchanges are not kept
function exchanges.state()
	return traffic.state()
end

local COLUMNS = [[e.id, e.direction, e.at / 1000.0 AS at, e.took / 1000000.0 AS took, e.method, e.url, e.status,
	e.outcome, e.error, e.request_id, e.install, e.flow]]

-- Each filter that has an index, with what is looked up in it.
local INDEXED = {
	{ name = "flow", looked_up = "e.flow" },
	{ name = "install", looked_up = "e.install" },
	{ name = "outcome", looked_up = "e.outcome" },
	{ name = "status", looked_up = "coalesce(e.status, 0) / 100" },
}

-- The filter whose index is used: the one that few exchanges are like, which SQLite cannot know. Nearly all exchanges
-- were answered; of the others, all of an outcome have the same status.
local function best_of(filter)
	return filter.flow and "flow"
		or filter.install and "install"
		or filter.outcome and filter.outcome ~= "answered" and "outcome"
		or filter.status and "status"
		or filter.outcome and "outcome"
		or nil
end

-- A condition and its values, for each filter that is given.
local function conditions(filter)
	local where, values = { "1" }, {}
	local function add(sql, ...)
		where[#where + 1] = sql
		for _, value in ipairs { ... } do
			values[#values + 1] = value
		end
	end
	local best = best_of(filter)
	for _, one in ipairs(INDEXED) do
		if filter[one.name] then
			-- With a + in front, SQLite takes no index for it.
			add((one.name == best and "%s = ?" or "+(%s) = ?"):format(one.looked_up), filter[one.name])
		end
	end
	if filter.direction then
		add("e.direction = ?", filter.direction)
	end
	if filter.before then
		add("e.id < ?", filter.before)
	end
	return where, values, add
end

local function is_short(search)
	return (utf8.len(search) or #search) < 3
end

local function pattern_of(text)
	return "%" .. text:gsub("[%%_\\]", "\\%0") .. "%"
end

-- Whether the filter without its search lets through so few that looking into each takes less than the index of words,
-- which first lists all that have the words. Letters beyond ASCII are left to the index: it knows their cases.
local function are_few(filter, where, values)
	if not best_of(filter) or #filter.search > FEW_BYTES or filter.search:find "[\x80-\xff]" then
		return false
	end
	local sql = "SELECT count(*) AS count FROM (SELECT 1 FROM exchanges e WHERE %s LIMIT %d)"
	local row = traffic.row(sql:format(table.concat(where, " AND "), FEW + 1), table.unpack(values))
	return row and row.count <= FEW
end

-- Runs the query of a list on one source of rows.
local function read(from, order, where, values, limit)
	local sql = ("SELECT %s FROM %s WHERE %s ORDER BY %s DESC LIMIT %d"):format(
		COLUMNS,
		from,
		table.concat(where, " AND "),
		order,
		limit
	)
	return traffic.query(sql, table.unpack(values))
end

-- The rows whose words have the search. The index has several tables, one for a range of ids each.
local function search_words(search, before, where, values, limit)
	local shelves, err, code =
		traffic.query("SELECT n FROM shelves WHERE first < ? ORDER BY n DESC", before or math.maxinteger)
	if not shelves then
		return nil, err, code
	end
	table.insert(where, 1, "words MATCH ?")
	table.insert(values, 1, '"' .. search:gsub('"', '""') .. '"')
	local rows = {}
	for _, shelf in ipairs(shelves) do
		local words = "words_" .. shelf.n
		where[1] = words .. " MATCH ?"
		local more
		more, err, code = read(
			words .. " CROSS JOIN exchanges e ON e.id = " .. words .. ".rowid",
			words .. ".rowid",
			where,
			values,
			limit - #rows
		)
		if not more and not err:find("no such table", 1, true) then -- it was deleted meanwhile
			return nil, err, code
		end
		more = more or {}
		table.move(more, 1, #more, #rows + 1, rows)
		if #rows == limit then
			break
		end
	end
	return rows
end

--- A page of exchanges, newest first.
---@param filter partnerapp.traffic.filter? without it all
---@return partnerapp.traffic.summary[]? list
---@return integer|string|nil next_or_message `before` of the next page; nil on the last one
---@return string? code "off", or one of native.db
function exchanges.list(filter)
	filter = filter or {}
	local limit = math.min(math.max(filter.limit or LIMIT, 1), LIMIT_MOST)
	local where, values, add = conditions(filter)
	local search = filter.search or ""
	local is_in_index = #search > 0 and not is_short(search) and not are_few(filter, where, values)
	local rows, err, code
	if is_in_index then
		rows, err, code = search_words(search, filter.before, where, values, limit + 1)
	else
		if #search > 0 then
			local text = is_short(search) and "e.url" or "(SELECT text FROM said WHERE said.id = e.id)"
			add(text .. " LIKE ? ESCAPE '\\'", pattern_of(search))
		end
		rows, err, code = read("exchanges e", "e.id", where, values, limit + 1)
	end
	if not rows then
		return nil, err, code
	end
	if #rows > limit then
		rows[#rows] = nil
		return rows, rows[limit].id
	end
	return rows
end

-- "Name: value" lines as a list of pairs.
local function pairs_of(lines)
	local list = {}
	for name, value in lines:gmatch "([^:\n]*):[ \t]*([^\n]*)\n" do
		list[#list + 1] = { name, value }
	end
	return list
end

-- The reverse of pairs_of.
local function lines_of(headers)
	local lines = {}
	for i, header in ipairs(headers or {}) do
		lines[i] = header[1] .. ": " .. header[2] .. "\n"
	end
	return table.concat(lines)
end

---@class partnerapp.traffic.texts
---@field url string?
---@field error string?
---@field request_headers [string, string][]?
---@field request_body string?
---@field response_headers [string, string][]?
---@field response_body string?

--- The texts of an exchange that is shown and not stored, with secrets replaced as they would be there. Bodies are cut
--- after 256 KiB.
---@param texts partnerapp.traffic.texts
---@return partnerapp.traffic.texts texts all of them; "" and {} for absent ones
function exchanges.redacted(texts)
	local redacted = traffic.redacted {
		url = texts.url,
		error = texts.error,
		request_headers = lines_of(texts.request_headers),
		request_body = texts.request_body,
		response_headers = lines_of(texts.response_headers),
		response_body = texts.response_body,
	}
	redacted.request_headers = pairs_of(redacted.request_headers)
	redacted.response_headers = pairs_of(redacted.response_headers)
	return redacted
end

--- One exchange with headers and bodies; false when there is none, or none any more.
---@param id integer
---@return partnerapp.traffic.exchange|false|nil exchange, string? message, string? code
function exchanges.find(id)
	local row, err, code = traffic.row(
		("SELECT %s, e.peer, p.* FROM exchanges e JOIN parts p ON p.id = e.id WHERE e.id = ?"):format(COLUMNS),
		id
	)
	if not row then
		return row, err, code
	end
	row.request_headers, row.response_headers = pairs_of(row.request_headers), pairs_of(row.response_headers)
	return row
end

--- The exchanges of one flow in the order in which they began, at most 500: the start, the callback and its calls out.
---@param flow string `flow` of a summary
---@return partnerapp.traffic.summary[]? list, string? message, string? code
function exchanges.of_flow(flow)
	return traffic.query(
		("SELECT %s FROM exchanges e WHERE e.flow = ? ORDER BY e.at, e.direction, e.id LIMIT ?"):format(COLUMNS),
		flow,
		FLOW_MOST
	)
end

--- The calls out that the script of a request has made, in the order in which they began, at most 500. A client may
--- repeat an X-Request-Id, so the calls must have begun within the request.
---@param exchange partnerapp.traffic.summary of direction "in"
---@return partnerapp.traffic.summary[]? list, string? message, string? code
function exchanges.calls_of(exchange)
	return traffic.query(
		([[SELECT %s FROM exchanges i JOIN exchanges e ON e.request_id = i.request_id
			WHERE i.id = ? AND e.direction = 'out' AND e.at >= i.at AND e.at <= i.at + i.took / 1000 + 1
			ORDER BY e.at, e.id LIMIT ?]]):format(COLUMNS),
		exchange.id,
		FLOW_MOST
	)
end

--- The request whose script made a call out; false when there is none.
---@param exchange partnerapp.traffic.summary of direction "out"
---@return partnerapp.traffic.summary|false|nil summary, string? message, string? code
function exchanges.cause_of(exchange)
	return traffic.row(
		([[SELECT %s FROM exchanges o JOIN exchanges e ON e.request_id = o.request_id
			WHERE o.id = ? AND e.direction = 'in' AND o.at >= e.at AND o.at <= e.at + e.took / 1000 + 1
			ORDER BY e.id DESC]]):format(COLUMNS),
		exchange.id
	)
end

--- The outcomes that are there, for a choice of filters. Each is looked up in the index from the one before on:
--- DISTINCT would read the whole index.
---@return string[]? list sorted, string? message, string? code
function exchanges.outcomes()
	local rows, err, code = traffic.query [[WITH RECURSIVE found (outcome) AS (SELECT min(outcome) FROM exchanges
		UNION ALL SELECT (SELECT min(e.outcome) FROM exchanges e WHERE e.outcome > found.outcome) FROM found
			WHERE found.outcome IS NOT NULL)
		SELECT outcome FROM found WHERE outcome IS NOT NULL]]
	if not rows then
		return nil, err, code
	end
	for i, row in ipairs(rows) do
		rows[i] = row.outcome
	end
	return rows
end

return exchanges
