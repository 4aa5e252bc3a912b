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

local INSERT = [[INSERT INTO pa_stories (n, id, kept_at, body)
	VALUES ((SELECT coalesce(max(n), 0) + 1 FROM pa_stories), ?, ?, ?)]]

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
		path.payload = nil
	end
	value.event = nil
	value.cut = ("only a part is kept: the story has more than %d bytes"):format(BYTES_MOST)
	text = assert(json.encode(value, { javascript = true }))
	if #text <= BYTES_MOST then
		return text
	end
	return assert(json.encode { destination = value.destination, outcome = value.outcome, cut = value.cut })
end

--- Keeps a story.
---@param value table of shown_story.value
---@return string? id, string? message, string? code
function kept_stories.keep(value)
	local text, id = encode(value), crypto.token(9)
	local kept, err, code = schema.prepare "stories"
	if kept then
		kept, err, code = db.exec_soon(INSERT, id, sys.now(), text)
	end
	if not kept then
		return nil, err, code
	end
	db.exec_soon("DELETE FROM pa_stories WHERE n <= (SELECT max(n) FROM pa_stories) - ?", KEPT)
	return id
end

--- A story that is kept, as JSON.
---@param id string
---@return string|false|nil text false when it is not there any more, string? message, string? code
function kept_stories.find(id)
	local ok, err, code = schema.prepare "stories"
	if not ok then
		return nil, err, code
	end
	local row
	row, err, code = db.row("SELECT body FROM pa_stories WHERE id = ?", id)
	if row == nil then
		return nil, err, code
	end
	return row and row.body
end

--- The newest stories.
---@param count integer
---@return {id: string, kept_at: number, body: string}[]? rows newest first, string? message, string? code
function kept_stories.latest(count)
	local ok, err, code = schema.prepare "stories"
	if not ok then
		return nil, err, code
	end
	return db.query("SELECT id, kept_at, body FROM pa_stories ORDER BY n DESC LIMIT ?", count)
end

return kept_stories
