-- GET /v1beta/installs/{n}/token: a new install token. The old one stops to work at that moment.
local assumptions = require "assumptions"
local clients = require "clients"
local db = require "partnerapp.db"
local errors = require "errors"
local install_tokens = require "install_tokens"
local reply = require "partnerapp.reply"

local function renew(client, n)
	local install = db.row("SELECT * FROM installs WHERE n = ? AND client_id = ?", n, client.client_id)
	if not install then
		return errors.api(5, "not found")
	end
	local token = install_tokens.issue(install)
	local body = install_tokens.body(install, client, token, assumptions.renewal_expires_in)
	if not assumptions.A8_renewal_names_source then
		body.source_names = nil
	end
	return reply.json(body)
end

return function(app)
	local function handle(req)
		local client = clients.authenticate(req)
		if not client then
			return errors.api(16, "invalid client credentials")
		end
		local n = req.params.n:find("^%d+$") and math.tointeger(tonumber(req.params.n))
		return n and db.transaction(function()
			return renew(client, n)
		end) or errors.api(5, "not found")
	end

	app:get("/v1beta/installs/:n/token", handle)
	if assumptions.A7_renew_by_post then
		app:post("/v1beta/installs/:n/token", handle, { csrf = false })
	end
end
