-- The rate limit: a number of requests of each token in each minute (A19), unless --no-rate-limit.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local errors = require "api.errors"
local settings = require "settings"
local store = require "store"

local rate_limit = {}

local MINUTE = 60000

local function count(token, minute)
	assert(db.exec_soon(
		[[INSERT INTO windows (token, minute, count) VALUES (?, ?, 1) ON CONFLICT (token) DO UPDATE SET
			count = CASE WHEN windows.minute = excluded.minute THEN windows.count + 1 ELSE 1 END,
			minute = excluded.minute]],
		token,
		minute
	))
	local row = db.row("SELECT count FROM windows WHERE token = ?", token)
	return row and row.count or 1
end

--- Counts a request of a token. The response that refuses the request when the limit of this minute is reached.
---@param token string its hash, also of an unknown token
---@return table? refusal
function rate_limit.take(token)
	if not settings.rate_limit then
		return nil
	end
	local now = store.now()
	local minute = now // MINUTE
	local requests = count(token, minute)
	if requests == 1 then
		assert(db.exec_soon("DELETE FROM windows WHERE minute < ?", minute))
	elseif requests > assumptions.requests_per_minute then
		local refusal = errors.too_many "rate limit exceeded"
		if assumptions.retry_after then
			refusal.headers["retry-after"] = tostring(60 - now % MINUTE // 1000)
		end
		return refusal
	end
end

return rate_limit
