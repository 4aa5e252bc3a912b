-- The rows of installs without their tokens, as SQL: finding, counting, deleting. The columns of tokens are
-- installs/tokens.lua's, and so is the INSERT, for a row begins with a token.
local belonging = require "partnerapp.installs.belonging"
local crypto = require "native.crypto"
local db = require "native.db"
local log = require "partnerapp.log"
local schema = require "partnerapp.store.schema"
local scopes = require "partnerapp.oauth.scope"

local rows = {}

local SELECT =
	[[SELECT id, client_id, name, client, server, api_origin, redirect_uri, app_name, workspace, source, scope,
	asked_scope, expires_at, version, health, health_reason, created_at, updated_at FROM pa_installs ]]

--- The columns of a row, most of which may be absent.
rows.columns = {}
for name in SELECT:match("SELECT (.*) FROM"):gmatch "[%w_]+" do
	rows.columns[name] = true
end

--- Notes which server a row belongs to whose server is unknown.
---@param id string
---@param server string as belonging.of names it
---@param api_origin string?
---@return integer? changes 0 when there is no such row
---@return string? message, string? code
function rows.adopt(id, server, api_origin)
	local sql = "UPDATE pa_installs SET server = ?, api_origin = ? WHERE id = ? AND server IS NULL"
	return db.exec(sql, server, api_origin, id)
end

-- The token is sealed for the row's id, so an install that is connected again must keep its id. A row whose server is
-- unknown gets one here: a client's id comes from one server, which has given it a token of that name again.
local function id_for(server, api_origin, client_id, name, fresh)
	local known, err, code = db.row(
		[[SELECT id, server FROM pa_installs WHERE client_id = ? AND name = ? AND (server = ? OR server IS NULL)
			ORDER BY server IS NULL]],
		client_id,
		name,
		server
	)
	if known == nil then
		return nil, err, code
	elseif not known then
		return fresh
	elseif not known.server then
		local changes
		changes, err, code = rows.adopt(known.id, server, api_origin)
		if not changes then
			return nil, err, code
		end
	end
	return known.id
end

--- Inserts the row of a checked token, or overwrites that of the same server, client and name. In a transaction.
---@param token partnerapp.token
---@param origin table see partnerapp.installs.save
---@param issued table of installs.renewal.issue: when the token expires and is due
---@return partnerapp.install? row, string? message, string? code
function rows.save(token, origin, issued)
	local fresh = crypto.token(9):gsub("^%-", "_") -- `partnerapp run ACTION ID` would read "-…" as an option
	local name = token.name or "local/" .. fresh
	local server, api_origin = belonging.of(origin.server)
	local id, err, code = id_for(server, api_origin, origin.client.id, name, fresh)
	if not id then
		return nil, err, code
	end
	local changes
	changes, err, code = require("partnerapp.installs.tokens").insert({
		id = id,
		client_id = origin.client.id,
		name = name,
		client = origin.name,
		server = server,
		api_origin = api_origin,
		redirect_uri = origin.redirect_uri,
		app_name = token.app_name,
		workspace = token.workspace,
		source = token.source,
		scope = token.scope or origin.server and scopes.spaced(origin.scope) or origin.scope,
		asked_scope = origin.scope,
	}, issued)
	if not changes then
		return nil, err, code
	end
	return db.row(SELECT .. "WHERE id = ?", id)
end

local function one(sql, ...)
	local row, err, code = schema.prepare "installs"
	if row then
		row, err, code = db.row(sql, ...)
	end
	return row, err, code
end

local function several(sql, ...)
	local list, err, code = schema.prepare "installs"
	if list then
		list, err, code = db.query(sql, ...)
	end
	return list, err, code
end

--- The row of that id; false when there is none.
---@param id string
---@return partnerapp.install|false|nil row, string? message, string? code
function rows.find(id)
	return one(SELECT .. "WHERE id = ?", id)
end

--- The newest row of that name, of those that belong to this app's Segment if there are any; false when there is none.
---@param name string
---@return partnerapp.install|false|nil row, string? message, string? code
function rows.find_by_name(name)
	local list, err, code = several(SELECT .. "WHERE name = ? ORDER BY created_at DESC LIMIT 100", name)
	for _, row in ipairs(list or {}) do
		if belonging.check(row) then
			return row
		end
	end
	if not list then
		return nil, err, code
	end
	return list[1] or false
end

--- The rows whose server is unknown, at most 100,000.
---@return partnerapp.install[]? list the oldest first
---@return string? message, string? code
function rows.unknown()
	return several(SELECT .. "WHERE server IS NULL ORDER BY created_at, id LIMIT 100000")
end

--- The number of those.
---@return integer? count, string? message, string? code
function rows.count_unknown()
	local row, err, code = one "SELECT count(*) AS count FROM pa_installs WHERE server IS NULL"
	if not row then
		return nil, err, code
	end
	return row.count
end

local SEARCHED = { "id", "name", "workspace", "source", "scope", "client", "client_id", "server", "health" }

-- All that is searched as one text, so that a row is compared once: a comparison for each column takes five times as
-- long, which is felt with ten thousand rows. No column has a line feed in it, so no text is found across two.
local TEXT = {}
for i, column in ipairs(SEARCHED) do
	TEXT[i] = ("coalesce(%s, '')"):format(column)
end
local HAVING = "lower(" .. table.concat(TEXT, " || '\n' || ") .. ") LIKE ? ESCAPE '\\'"

-- What a row's text is compared with.
local function pattern_of(text)
	return "%" .. text:lower():gsub("[\\%%_]", "\\%0") .. "%"
end

--- A page of rows, newest first.
---@param count integer
---@param from string? what the page before returned as its second value
---@param search string? only rows that have this text in what they show, in small or capital letters
---@return partnerapp.install[]? list
---@return string? from_or_message `from` of the next page; nil on the last one
---@return string? code
function rows.page(count, from, search)
	local conditions, values = {}, {}
	if search and search ~= "" then
		conditions[1], values[1] = HAVING, pattern_of(search)
	end
	if from then
		local created_at, id = from:match "^([%d.]+) ([%w_-]+)$"
		if not id then
			return nil, "from is not what the page before returned", "usage"
		end
		conditions[#conditions + 1] = "(created_at, id) < (?, ?)"
		values[#values + 1], values[#values + 2] = tonumber(created_at), id
	end
	local where = #conditions > 0 and "WHERE " .. table.concat(conditions, " AND ") or ""
	values[#values + 1] = count
	local sql = SELECT .. where .. " ORDER BY created_at DESC, id DESC LIMIT ?"
	local list, err, code = several(sql, table.unpack(values))
	if not list then
		return nil, err, code
	end
	local last = #list == count and list[count]
	return list, last and ("%.17g %s"):format(last.created_at, last.id) or nil
end

--- The number of rows.
---@return integer? count, string? message, string? code
function rows.count()
	local row, err, code = one "SELECT count(*) AS count FROM pa_installs"
	if not row then
		return nil, err, code
	end
	return row.count
end

--- Deletes a row, also from the database's files.
---@param id string
---@return true?, string? message, string? code
function rows.delete(id)
	local changes, err, code = db.exec("DELETE FROM pa_installs WHERE id = ?", id)
	if not changes then
		return nil, err, code
	end
	local wiped
	wiped, err = db.wipe()
	if not wiped then -- another connection still reads: the next checkpoint takes the row out of the log's file
		log.warn("a deleted install may still be in the database's write-ahead log", { error = err })
	end
	return true
end

return rows
