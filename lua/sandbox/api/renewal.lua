-- GET /v1beta/installs/{n}/token: a new install token. The old one stops to work at that moment.
local assumptions = require "assumptions"
local clients = require "oauth.clients"
local db = require "partnerapp.db"
local errors = require "errors"
local install_tokens = require "oauth.install_tokens"
local reply = require "partnerapp.reply"

local SQL = "SELECT n, workspace, source, scope FROM installs WHERE n = ? AND client_id = ?"

local function renew(req)
	if req.method == "HEAD" then -- it would take the old token away and bring no new one
		return errors.api(5, "not found")
	end
	local client = clients.authenticate(req)
	if not client then
		return errors.api(16, "invalid client credentials")
	end
	local text = req.params.n
	local n = #text < 16 and text:find("^%d+$") and math.tointeger(tonumber(text))
	local install = n and db.row(SQL, n, client.client_id)
	if not install then
		return errors.api(5, "not found")
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
