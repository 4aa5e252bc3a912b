-- The user who is logged in at app.segment.com: the sandbox has one.
local crypto = require "partnerapp.crypto"
local session = require "partnerapp.session"
local store = require "store"

local user = {}

--- Whether an e-mail and a password are those of the user.
---@param email string?
---@param password string?
---@return boolean
function user.knows(email, password)
	local known = (email or ""):lower() == store.user.email
	return crypto.equal(password or "", store.user.password) and known
end

--- The e-mail of the user, when the browser logged in after the last reset.
---@param req table
---@return string?
function user.of(req)
	local data = req.session and req.session.data
	return data and data.epoch == store.epoch() and data.user or nil
end

--- Logs the user in: starts a session with this response.
---@param req table
---@param response table
function user.log_in(req, response)
	assert(session.start(req, response, { user = store.user.email, epoch = store.epoch() }))
end

return user
