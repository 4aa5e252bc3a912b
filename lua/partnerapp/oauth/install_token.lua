-- Renews tokens in Segment's own way (docs/segment.md 1.4): with the client's credentials and the install's name.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local names = require "partnerapp.segment.names"
local short = require "partnerapp.short"
local token_answer = require "partnerapp.oauth.token_answer"

local install_token = {}

--- Renews an install's token. The token before stops working at that moment (docs/segment.md 1.4).
---@param client {id: string, secret: string}
---@param install_name string "installs/7"
---@return partnerapp.token? token, string? message
---@return string? code "permanent" when another attempt cannot succeed
---@return string? retry_after the header
function install_token.renew(client, install_name)
	if not names.is_name(install_name) or install_name:find "^local/" then
		return nil, "Segment named no install, so its token cannot be renewed", "permanent"
	end
	local response, err, code = http.get(config.segment_api_url .. "/v1beta/" .. install_name .. "/token", {
		basic = token_answer.basic(client),
		max_bytes = 1048576,
		headers = { accept = "application/json" },
	})
	if not response then
		return nil, require "partnerapp.segment.unreached"(err, code), code
	end
	if response.status == 401 or response.status == 404 then
		local body = response.json()
		local text = type(body) == "table" and type(body.error) == "string" and " " .. short(body.error) or ""
		return nil, ("Segment refused to renew the token (%d%s)"):format(response.status, text), "permanent"
	elseif response.status < 200 or response.status > 299 then
		local wait = response.headers["retry-after"]
		return nil, ("Segment answered %d to the renewal"):format(response.status), "upstream", wait
	end
	local token, said
	token, err, code, said = token_answer.read(response)
	return token, err, said and said.is_final and not said.is_down and "permanent" or code
end

return install_token
