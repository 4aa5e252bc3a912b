-- POST /oauth2/token: a code for an install token, as fosite does it.
local assumptions = require "assumptions"
local clients = require "oauth.clients"
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local errors = require "oauth.errors"
local install_tokens = require "oauth.install_tokens"
local reply = require "partnerapp.reply"
local store = require "store"

local BAD_GRANT = "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh "
	.. "token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was "
	.. "issued to another client"

local function invalid_request(hint)
	return errors.json(400, "invalid_request", errors.malformed, hint)
end

local function invalid_grant(hint)
	return errors.json(400, "invalid_grant", BAD_GRANT, hint)
end

-- A verifier without a challenge belongs to another flow than the code.
local function pkce_fits(code, verifier)
	if not code.challenge then
		return (verifier or "") == ""
	elseif not verifier or #verifier < 43 or #verifier > 128 or verifier:find("[^%w._~-]") then
		return false
	elseif code.challenge_method == "plain" then
		return crypto.equal(verifier, code.challenge)
	end
	return crypto.equal(crypto.base64url(crypto.digest("sha256", verifier)), code.challenge)
end

-- A code that is used twice was stolen, so the token that it was exchanged for is revoked (RFC 6749 4.1.2).
local function revoke(code)
	assert(db.exec("DELETE FROM tokens WHERE hash = ?", code.token))
	return invalid_grant("The authorization code has already been used.")
end

local function exchange(client, form)
	local code = form.code and db.row("SELECT * FROM codes WHERE hash = ?", store.hash(form.code))
	if not code then
		return invalid_grant("The authorization code is not known.")
	elseif code.token then
		return revoke(code)
	elseif code.expires <= store.now() then
		return invalid_grant("The authorization code has expired.")
	elseif code.client_id ~= client.client_id then
		return invalid_request(
			"The OAuth 2.0 Client ID from this request does not match the one from the authorize request."
		)
	elseif form.redirect_uri ~= code.redirect_uri then
		return invalid_request(
			'The "redirect_uri" from this request does not match the one from the authorize request.'
		)
	elseif not pkce_fits(code, form.code_verifier) then
		return invalid_grant("The PKCE code challenge did not match the code verifier.")
	end
	local install = db.row("SELECT n, workspace, source, scope FROM installs WHERE n = ?", code.install)
	if not install then
		return invalid_grant("The install of this authorization code was removed.")
	end
	local token = install_tokens.issue(install)
	assert(db.exec("UPDATE codes SET token = ? WHERE hash = ?", store.hash(token), code.hash))
	local response = reply.json(install_tokens.body(install, client, token, assumptions.exchange_expires_in))
	response.headers.pragma = "no-cache"
	return response
end

local NAMES = { "grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret" }

local function handle(req)
	local form = req.form
	for _, name in ipairs(NAMES) do
		if form[name] and #req:all(name) > 1 then
			return invalid_request("The parameter " .. name .. " was sent twice.")
		end
	end
	if next(form) == nil then
		return invalid_request("The POST body can not be empty.")
	elseif (form.grant_type or "") == "" then
		return invalid_request('Request parameter "grant_type" is missing.')
	end
	local client, given = clients.authenticate(req, form)
	if not client and given then
		return errors.json(401, "invalid_client", errors.bad_client)
	elseif not client then
		return invalid_request(
			"Client credentials missing or malformed in both HTTP Authorization header and HTTP POST body."
		)
	elseif form.grant_type ~= "authorization_code" then
		return invalid_request('Request parameter "grant_type" must be "authorization_code".')
	end
	return db.transaction(function()
		return exchange(client, form)
	end)
end

return function(app)
	app:post("/oauth2/token", handle, { csrf = false })
end
