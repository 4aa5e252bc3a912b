-- What the cases about installs share: an app with a mount, a browser that goes through it, and Segment's answers.
local crypto = require "partnerapp.crypto"
local http = require "partnerapp.http"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local provider = {}

provider.TOKEN = "POST https://id.segmentapis.com/oauth2/token"
provider.API = "https://platform.segmentapis.com/v1beta/"
provider.SOURCE = "workspaces/business/sources/js"

local count = 0

--- A good answer of the token endpoint with changes; "absent" takes a field away.
---@param changes table?
---@return table answer, string access_token
function provider.token(changes)
	count = count + 1
	local body = {
		access_token = "access-token-number-" .. count,
		token_type = "bearer",
		expires_in = 3599,
		scope = "destination/google-analytics",
		app_name = "apps/2",
		install_name = "installs/" .. count,
		workspace_names = json.array({ "workspaces/business" }),
		source_names = json.array({ provider.SOURCE }),
	}
	for name, value in pairs(changes or {}) do
		body[name] = value ~= "absent" and value or nil
	end
	return { json = body }, body.access_token
end

--- An app with one mount; its `seen` lists the installs that came.
---@param options table? of the mount
---@return partnerapp.app app, table seen
function provider.app(options)
	local app, seen = partnerapp.new({}), {}
	local mount = {
		scope = "destination/google-analytics",
		installed = function(_, install)
			seen[#seen + 1] = install
			return reply.redirect("/installs/" .. install.id)
		end,
	}
	for name, value in pairs(options or {}) do
		mount[name] = value
	end
	app:oauth("/auth/segment", mount)
	app:get("/installs/:id", function(req)
		return reply.json(app.installs:public(app.installs:owned(req, req.params.id)))
	end)
	return app, seen
end

--- Deletes the installs that other cases left, for a case that looks at all of them.
---@param kept string? the id of one that stays
function provider.no_installs(kept)
	for _, install in ipairs(installs.all()) do
		assert(install.id == kept or install:disconnect())
	end
end

--- SHA-256 in base64url, as cookies name a state and challenges prove a verifier (RFC 7636).
---@param text string
---@return string
function provider.hash(text)
	return crypto.base64url(crypto.digest("sha256", text))
end

--- Begins a flow.
---@param client partnerapp.testing.client
---@param path string?
---@param options table?
---@return string state, table query of the authorize URL, partnerapp.testing.response response
function provider.begin(client, path, options)
	local response = client:get(path or "/auth/segment", options)
	local url = assert(response.headers.location, "no redirect: " .. response.body)
	local query = {}
	for name, value in url:gmatch("[?&]([%w_]+)=([^&]*)") do
		query[name] = value:gsub("%%(%x%x)", function(digits)
			return string.char(tonumber(digits, 16))
		end)
	end
	return query.state, query, response
end

--- Comes back from the authorization server.
---@param client partnerapp.testing.client
---@param params table<string, string>
---@param options table?
---@param path string?
---@return partnerapp.testing.response
function provider.callback(client, params, options, path)
	return client:get((path or "/auth/segment") .. "/callback?" .. http.form(params), options)
end

--- A whole flow, with a code.
---@param client partnerapp.testing.client
---@param options table?
---@return partnerapp.testing.response
function provider.install(client, options)
	local state = provider.begin(client)
	return provider.callback(client, { state = state, code = "code-of-the-case" }, options)
end

--- A whole flow of an app whose `installed` is that, with no other install in the database.
---@param installed function
---@return partnerapp.testing.client client, partnerapp.testing.response response, partnerapp.app app
function provider.install_with(installed)
	provider.no_installs()
	local app = provider.app({ installed = installed })
	local client = testing.client(app)
	testing.network({
		[provider.TOKEN] = function()
			return (provider.token())
		end,
	})
	return client, provider.install(client), app
end

return provider
