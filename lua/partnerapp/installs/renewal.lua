-- Keeps an install's token fresh. A new token ends the one before it, so one worker of one process renews: the one that
-- has taken the lease on the row. The others wait and read the row again.
local authorization_server = require "partnerapp.oauth.authorization_server"
local belonging = require "partnerapp.installs.belonging"
local install_token = require "partnerapp.oauth.install_token"
local log = require "partnerapp.log"
local retry = require "partnerapp.retry"
local sys = require "native.sys"
local tokens = require "partnerapp.installs.tokens"

local renewal = {}

local AHEAD = 300 -- a call finds its token good for this long
local EARLY, JITTER = 0.1, 0.1 -- the background renews at a tenth of the lifetime before its end, give or take a tenth
local LEASE = 30 -- longer than the deadline of the call (15 s) and two attempts to save (5 s each)
-- Seconds between two looks at a row that another worker renews, and in all.
local WAIT_FIRST, WAIT_STEP, WAIT_MOST = 0.05, 0.4, 20
local SAVES = 2
local BACKOFF, BACKOFF_MOST = 5, 900
local PAUSE_MOST = 3600 -- the longest pause that a Retry-After can set
local REFUSED_MOST = 100 -- attempts in a row, which take a day, after which a refusal counts as final

--- When the background is to renew a token that is issued now (RT-01).
---@param now number
---@param lifetime number seconds
---@return number
function renewal.due_at(now, lifetime)
	local ahead = math.max(AHEAD, lifetime * EARLY) * (1 + JITTER * (2 * math.random() - 1))
	return now + math.max(lifetime - ahead, lifetime / 2)
end

--- Notes on a token that it is issued now, and when to renew it: never, when it does not expire.
---@param token partnerapp.token
---@return partnerapp.issued_token token the same one
function renewal.issue(token)
	token.issued_at = sys.now()
	token.renew_at = token.expires_in and renewal.due_at(token.issued_at, token.expires_in)
	return token
end

-- How long before its end a call renews a token. A server that is not Segment may give short ones.
local function ahead_of(install, row)
	if install.api_origin then -- of Segment
		return AHEAD
	end
	return math.min(AHEAD, (row.expires_at - row.updated_at) / 2)
end

-- Notes that a renewal failed, and when to try again (RT-09, RT-10).
local function mark_failed(install, row, reason, retry_after)
	local now = sys.now()
	local pause = retry.backoff(row.failures + 1, BACKOFF, BACKOFF_MOST)
	pause = math.max(pause, retry.after(retry_after, now) or 0)
	tokens.mark_failed(install, row.version, reason, now + pause)
end

-- Saves a new token. It must not be lost, for the one before it is dead: when the database is busy the save is tried
-- again, and then the token is kept in memory until it can be saved.
local function save(install, version, token)
	renewal.issue(token)
	local changes, err, code
	for _ = 1, SAVES do
		changes, err, code = tokens.replace(install, version, token)
		if changes then
			return changes
		end
	end
	local kept = tokens.keep(install, version, token)
	log.error(
		"a renewed token could not be saved",
		{ install = install.name, error = err, code = code, kept_in_memory = kept }
	)
	return nil
end

-- Asks the install's authorization server for a new token.
local function ask(install, row)
	local server, client, code = belonging.parties(install)
	if not server then
		return nil, client, code
	elseif server.is_segment then
		return install_token.renew(client, install.name)
	elseif not row.refresh_token then
		return nil, "the authorization server gave no refresh token", "permanent"
	end
	local refresh_token, err
	refresh_token, err, code = tokens.refresh_token(install, row)
	if not refresh_token then
		return nil, err, code
	end
	return authorization_server.refresh(server, client, refresh_token)
end

-- Codes of answers that are neither a token nor an error which is known to be final, nor one that will pass.
local REFUSALS = { refused = true, bad_response = true, bad_token = true }

local function renew_as_holder(install, row)
	local version = row.version
	local token, err, code, retry_after = ask(install, row)
	if not token then
		log.warn("a token was not renewed", { install = install.name, error = err, code = code })
		if REFUSALS[code] and row.failures + 1 >= REFUSED_MOST then
			code = "permanent"
		end
		if code == "permanent" then
			tokens.mark_broken(install, version, err)
			log.error("an install needs to be connected again", { install = install.name, reason = err })
		elseif code == "cancelled" then -- the server is stopping: another one may renew at once
			tokens.return_lease(install, version)
		else
			mark_failed(install, row, err, retry_after)
		end
		return nil, err, code
	end
	local changes = save(install, version, token)
	if changes == 0 then -- connected again meanwhile: what is stored is newer (RT-05)
		local newer, why
		newer, why, code = tokens.read(install)
		return newer, not newer and why or nil, code
	elseif changes then
		install.version = version + 1
		log.info("token renewed", { install = install.name })
	end
	return token.access_token
end

-- Seconds until the next attempt (RT-09, RT-10). A time further ahead than any pause was written before the clock was
-- set back (RT-11), and does not count.
local function pause_of(row)
	local left = row.failures > 0 and row.renew_at - sys.now() or 0
	return left <= PAUSE_MOST and math.max(left, 0) or 0
end

-- Looks at the row first: many workers wait for a lease that is taken, and reading does not wait for other writers.
local function take_lease(install, row, version)
	local now = sys.now()
	if row.lease_until >= now and row.lease_until <= now + 2 * LEASE then
		return false
	end
	return tokens.take_lease(install, version, now, LEASE)
end

--- A token newer than version `stale`: renewed here, or by the worker that holds the lease.
---@param install partnerapp.install
---@param stale integer
---@return string? token, string? message, string? code
function renewal.after(install, stale)
	local fine, why, word = belonging.check(install)
	if not fine then
		return nil, why, word
	end
	local waited, step, failures = 0, WAIT_FIRST, nil
	while true do
		local token, row, code = tokens.read(install)
		if not token then
			return nil, row, code
		elseif row.version ~= stale then
			return token
		elseif row.health == "needs_reconnect" then
			return nil, row.health_reason, "needs_reconnect"
		elseif failures and row.failures > failures then
			return nil, row.health_reason, "upstream" -- the worker with the lease has failed
		end
		local pause = pause_of(row)
		if pause > 0 then
			return nil, ("%s; the next attempt is in %d s"):format(row.health_reason, math.ceil(pause)), "upstream"
		end
		failures = row.failures
		local mine, err
		mine, err, code = take_lease(install, row, stale)
		if mine == nil then
			return nil, err, code
		elseif mine then
			return renew_as_holder(install, row)
		elseif waited > WAIT_MOST then
			return nil, "another worker renews the token and does not finish", "timeout"
		end
		if not sys.sleep(step) then
			return nil, "the server is stopping", "cancelled"
		end
		waited, step = waited + step, math.min(2 * step, WAIT_STEP)
	end
end

--- The token, renewed when fewer than five minutes are left (RT-01). While renewing fails, the one in hand is used
--- until it expires; the next attempt waits, also when it has expired (RT-09). One that does not expire is not renewed
--- before an app asks for it.
---@param install partnerapp.install
---@return string? token, string? message, string? code
function renewal.token(install)
	local fine, why, word = belonging.check(install)
	if not fine then
		return nil, why, word
	end
	local token, row, code = tokens.read(install)
	if not token then
		return nil, row, code
	end
	if not row.expires_at then
		if row.health == "needs_reconnect" then -- since an app that was refused with it called reconnect
			return nil, row.health_reason, "needs_reconnect"
		end
		return token
	end
	local left = row.expires_at - sys.now()
	if left >= ahead_of(install, row) or left > 0 and pause_of(row) > 0 then
		return token
	end
	local fresh, err
	fresh, err, code = renewal.after(install, row.version)
	if not fresh and row.expires_at > sys.now() and code ~= "needs_reconnect" and code ~= "permanent" then
		return token -- it works until it expires
	end
	return fresh, err, code
end

--- Tries once more with an install that needed to be connected again: for a cause that is repaired by now.
---@param install partnerapp.install
---@return string? token, string? message, string? code
function renewal.again(install)
	local fine, why, word = belonging.check(install)
	if not fine then
		return nil, why, word
	end
	local changes, err, code = tokens.mark_mended(install, install.version)
	if not changes then
		return nil, err, code
	end
	return renewal.after(install, install.version)
end

--- Revokes the token of an install that ends, at an authorization server other than Segment, which has no endpoint for
--- that: the refresh token, for revoking it also revokes its access tokens (RFC 7009 2).
---@param install partnerapp.install
---@return boolean? revoked false when the server has no endpoint
---@return string? message, string? code
function renewal.revoke(install)
	if install.api_origin or not install.server then
		return false
	end
	local server, client, code = belonging.parties(install)
	if not server then
		return nil, client, code
	end
	local token, row
	token, row, code = tokens.read(install)
	if token and row.refresh_token then
		token, row, code = tokens.refresh_token(install, row)
	end
	if not token then
		return nil, row, code
	end
	return authorization_server.revoke(server, client, token)
end

-- A token that cannot be read stays so until its key is back. It must not stay the first that is due.
local UNREADABLE = { damaged = true, unknown_key = true }

-- Whether it is renewed now, here or by another worker.
local function renew_due(install)
	local token, why, code = renewal.after(install, install.version)
	if UNREADABLE[code] then
		log.error("an install's token cannot be read", { install = install.name, error = why })
		mark_failed(install, install, why)
	end
	return token ~= nil
end

--- Renews what is due, for at most `seconds`: one after the other, so that a clock that jumps does not start all
--- renewals at once (RT-11).
---@param seconds number
---@return integer? renewed, string? message, string? code
function renewal.refresh_due(seconds)
	local over, tried, renewed = sys.monotonic() + seconds, {}, 0
	tokens.save_kept()
	while true do
		local rows, err, code = tokens.due(sys.now(), belonging.segment())
		if not rows then
			return nil, err, code
		end
		local progress = false
		for _, install in ipairs(rows) do
			if sys.monotonic() > over then
				return renewed
			elseif not tried[install.id] then
				tried[install.id], progress = true, true
				renewed = renewed + (renew_due(install) and 1 or 0)
			end
		end
		if not progress then
			return renewed
		end
	end
end

return renewal
