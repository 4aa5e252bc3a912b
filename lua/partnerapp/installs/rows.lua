-- The rows of installs without their tokens, as SQL: finding, counting, deleting. The columns of tokens are
-- installs/tokens.lua's, and so is the INSERT, for a row begins with a token.
local crypto = require "native.crypto"
local db = require "native.db"
local log = require "partnerapp.log"
local schema = require "partnerapp.store.schema"
local tokens = require "partnerapp.installs.tokens"

local rows = {}

local SELECT =
	[[SELECT id, client_id, name, client, server, redirect_uri, app_name, workspace, source, scope, asked_scope,
	expires_at, version, health, health_reason, created_at, updated_at FROM pa_installs ]]

--- The columns of a row, most of which may be absent.
rows.columns = {}
for name in SELECT:match("SELECT (.*) FROM"):gmatch "[%w_]+" do
	rows.columns[name] = true
end

-- The token is sealed for the row's id, so an install that is connected again must keep its id.
local function id_for(client_id, name, fresh)
	local known, err, code = db.row("SELECT id FROM pa_installs WHERE client_id = ? AND name = ?", client_id, name)
	if known == nil then
		return nil, err, code
	end
	return known and known.id or fresh
end

--- Inserts the row of a checked token, or overwrites that of the same client and name. In a transaction.
---@param token partnerapp.token
---@param origin table see partnerapp.installs.save
---@param issued table of installs.renewal.issue: when the token expires and is due
---@return partnerapp.install? row, string? message, string? code
function rows.save(token, origin, issued)
	local fresh = crypto.token(9):gsub("^%-", "_") -- `partnerapp run ACTION ID` would read "-…" as an option
	local name = token.name or "local/" .. fresh
	local id, err, code = id_for(origin.client.id, name, fresh)
	if not id then
		return nil, err, code
	end
	local changes
	changes, err, code = tokens.insert({
		id = id,
		client_id = origin.client.id,
		name = name,
		client = origin.name,
		server = origin.server,
		redirect_uri = origin.redirect_uri,
		app_name = token.app_name,
		workspace = token.workspace,
		source = token.source,
		scope = token.scope or origin.scope,
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

--- The newest row of that name; false when there is none.
---@param name string
---@return partnerapp.install|false|nil row, string? message, string? code
function rows.find_by_name(name)
	return one(SELECT .. "WHERE name = ? ORDER BY created_at DESC LIMIT 1", name)
end

--- A page of rows, newest first.
---@param count integer
---@param from string? what the page before returned as its second value
---@return partnerapp.install[]? list
---@return string? from_or_message `from` of the next page; nil on the last one
---@return string? code
function rows.page(count, from)
	local list, err, code
	if from then
		local created_at, id = from:match "^([%d.]+) ([%w_-]+)$"
		if not id then
			return nil, "from is not what the page before returned", "usage"
		end
		local sql = SELECT .. "WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?"
		list, err, code = several(sql, tonumber(created_at), id, count)
	else
		list, err, code = several(SELECT .. "ORDER BY created_at DESC, id DESC LIMIT ?", count)
	end
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
