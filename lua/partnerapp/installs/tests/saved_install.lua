-- What the cases about installs and renewals begin with.
local installs = require "partnerapp.installs"
local provider = require "provider"
local token_answer = require "partnerapp.oauth.token_answer"

local ORIGIN = {
	client = { id = "client-id-of-nobody" },
	scope = "destination/google-analytics",
	redirect_uri = "http://localhost:8888/auth/segment/callback",
}

--- A saved install, and where its token is renewed.
---@param changes table? of the token's answer, see provider.token
---@param origin table? of the install; see installs.save
---@return partnerapp.install install, string route "GET https://…", string access_token
return function(changes, origin)
	local answer = provider.token(changes)
	local install = assert(installs.save(assert(token_answer.check(answer.json)), origin or ORIGIN))
	local number = install.name:match "%d+$" or ""
	return install, ("GET %sinstalls/%s/token"):format(provider.API, number), answer.json.access_token
end
