-- Apps and personal access tokens (docs/segment.md 2), for a client whose token is a user's own.
local fields = require "partnerapp.segment.fields"
local names = require "partnerapp.segment.names"
local paging = require "partnerapp.segment.paging"

local FIELDS = {
	"display_name",
	"description",
	"client_uri",
	"logo_uri",
	"logo_mark_uri",
	"tos_uri",
	"policy_uri",
	"documentation_uri",
	"scope",
	"public",
	"redirect_uris",
}

-- Apps are below a workspace in Segment's first generation of paths, and at the top in the second.
local function collection(workspace)
	return workspace and names.check("workspace", workspace) .. "/apps" or "apps"
end

return function(Client)
	---@param workspace string? "workspaces/w"
	---@return partnerapp.segment.pages
	function Client:apps(workspace)
		return paging.new(self, collection(workspace), "apps")
	end

	---@param app string "apps/2"
	---@return table? app, string? message, string? code, table? details
	function Client:get_app(app)
		return self:request("GET", names.check("app", app))
	end

	--- Creates an app; `client_secret` is only in this answer.
	---@param app table display_name, scope, redirect_uris, …
	---@param workspace string?
	---@return table? app, string? message, string? code, table? details
	function Client:create_app(app, workspace)
		fields.check("an app", app, FIELDS)
		return self:request("POST", collection(workspace), { app = app })
	end

	-- For a client with a user's e-mail address and password: see segment.new.

	--- Creates a personal access token; `token` is only in this answer.
	---@param token {description: string, scopes: string, workspace_names: string[]}
	---@return table? token, string? message, string? code, table? details
	function Client:create_access_token(token)
		fields.check("an access token", token, { "description", "scopes", "workspace_names" })
		return self:request("POST", "access-tokens", { access_token = token })
	end

	---@return partnerapp.segment.pages
	function Client:access_tokens()
		return paging.new(self, "access-tokens", "access_tokens")
	end

	---@param token string "access-tokens/127"
	---@return table? token, string? message, string? code, table? details
	function Client:get_access_token(token)
		return self:request("GET", names.check("access token", token))
	end

	---@param token string
	---@return table? empty, string? message, string? code, table? details
	function Client:delete_access_token(token)
		return self:request("DELETE", names.check("access token", token))
	end
end
