-- The stories of events that reached a destination by way of the sandbox: the last ones, in the app's database, secrets
-- masked.
local crypto = require "native.crypto"
local db = require "native.db"
local json = require "partnerapp.json"
local schema = require "partnerapp.store.schema"
local sys = require "native.sys"

local kept_stories = {}

local KEPT = 500
local BYTES_MOST = 256 << 10 -- of one story

local INSERT = [[INSERT INTO pa_stories (n, id, kept_at, body, slug, what, outcome, label)
	VALUES ((SELECT coalesce(max(n), 0) + 1 FROM pa_stories), ?, ?, ?, ?, ?, ?, ?)]]

-- A story that is too large is kept without what makes it so.
local function encode(value)
	local text = assert(json.encode(value, { javascript = true }))
	if #text <= BYTES_MOST then
		return text
	end
	for _, path in ipairs(value.actions) do
		for _, sent in ipairs(path.requests) do
			sent.body, sent.answer, sent.headers = nil, nil, nil
		end
		path.payload, path.refused = nil, nil
	end
	value.event = nil
	value.cut = ("only a part is kept: the story has more than %d bytes"):format(BYTES_MOST)
	text = assert(json.encode(value, { javascript = true }))
	if #text <= BYTES_MOST then
		return text
	end
	return assert(json.encode { destination = value.destination, outcome = value.outcome, cut = value.cut })
end

-- What an event is in a few words: its type and name.
local function what_of(event)
	if type(event) ~= "table" then
		return "an event"
	end
	local name = event.event or event.name
	local text = type(name) == "string" and tostring(event.type) .. " " .. name or tostring(event.type)
	return text:sub(1, utf8.offset(text, 0, math.min(#text, 120) + 1) - 1)
end

---@class partnerapp.kept_story
---@field id string
---@field kept_at number seconds since 1970
---@field slug string? of the destination
---@field what string? the event's type and name
---@field outcome string? "delivered", or Segment's code
---@field label string? Segment's words for that code

--- Keeps a story.
---@param value table of shown_story.value
---@param about {slug: string, outcome: partnerapp.destination.outcome}? what lists say of it
---@return string? id, string? message, string? code
function kept_stories.keep(value, about)
	local result = about and about.outcome
	local outcome = result and (result.delivered and "delivered" or result.outcome)
	local what = what_of(value.event) -- encode may take the event out
	local text, id = encode(value), crypto.token(9)
	local kept, err, code = schema.prepare "stories"
	if kept then
		kept, err, code =
			db.exec_soon(INSERT, id, sys.now(), text, about and about.slug, what, outcome, result and result.label)
	end
	if not kept then
		return nil, err, code
	end
	db.exec_soon("DELETE FROM pa_stories WHERE n <= (SELECT max(n) FROM pa_stories) - ?", KEPT)
	return id
end

--- A story that is kept, as JSON.
---@param id string
---@return string|false|nil text false when it is not there any more
---@return string? slug_or_message of the destination; why there is no text
---@return string? code
function kept_stories.find(id)
	local ok, err, code = schema.prepare "stories"
	if not ok then
		return nil, err, code
	end
	local row
	row, err, code = db.row("SELECT body, slug FROM pa_stories WHERE id = ?", id)
	if row == nil then
		return nil, err, code
	end
	return row and row.body, row and row.slug or nil
end

--- The newest stories, without their bodies.
---@param count integer
---@param outcome string? only those with this outcome
---@return partnerapp.kept_story[]? list newest first, string? message, string? code
function kept_stories.latest(count, outcome)
	local ok, err, code = schema.prepare "stories"
	if not ok then
		return nil, err, code
	end
	local where = outcome and "WHERE outcome = ? " or ""
	local sql = ("SELECT id, kept_at, slug, what, outcome, label FROM pa_stories %sORDER BY n DESC LIMIT ?"):format(
		where
	)
	if outcome then
		return db.query(sql, outcome, count)
	end
	return db.query(sql, count)
end

--- How many stories had each outcome, in spans of time.
---@param from number seconds since 1970
---@param span number seconds
---@return {span: integer, outcome: string, label: string?, count: integer}[]? counts `span` counts from 0 on
---@return string? message, string? code
function kept_stories.counts(from, span)
	local ok, err, code = schema.prepare "stories"
	if not ok then
		return nil, err, code
	end
	return db.query(
		[[SELECT CAST((kept_at - ?) / ? AS BIGINT) AS span, coalesce(outcome, 'unknown') AS outcome, max(label) AS label,
			count(*) AS count FROM pa_stories WHERE kept_at >= ? GROUP BY 1, 2 ORDER BY 1, 2]],
		from,
		span,
		from
	)
end

return kept_stories
