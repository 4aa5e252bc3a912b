-- GET /v1beta/installs/{n}/token: a new token for an install. The old one no longer works.
local assumptions = require "assumptions"
local clients = require "oauth.clients"
local db = require "partnerapp.db"
local errors = require "api.errors"
local install_tokens = require "oauth.install_tokens"
local paths = require "api.paths"
local reply = require "partnerapp.reply"

local SQL = "SELECT n, workspace, source, scope FROM installs WHERE n = ? AND client_id = ?"

local function renew(req)
	if req.method == "HEAD" then -- a HEAD request would replace the token without a response that has the new one
		return errors.not_found()
	end
	local client = clients.authenticate(req)
	if not client then
		return errors.unauthenticated "invalid client credentials"
	end
	local n = paths.number(req)
	local install = n and db.row(SQL, n, client.client_id)
	if not install then
		return errors.not_found()
	end
	local token = install_tokens.issue(install)
	local answer = install_tokens.body(install, client, token, assumptions.renewal_expires_in)
	if not assumptions.renewal_names_source then
		answer.source_names = nil
	end
	return reply.json(answer)
end

return function(app)
	app:get("/v1beta/installs/:n/token", renew)
	if assumptions.renew_by_post then
		app:post("/v1beta/installs/:n/token", renew, { csrf = false })
	end
end
