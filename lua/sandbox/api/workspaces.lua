-- Workspaces: those that the token is for (A22).
local access = require "api.access"
local db = require "partnerapp.db"
local paging = require "api.paging"
local resource = require "api.resource"
local store = require "store"

local function shown(row)
	return {
		name = "workspaces/" .. row.slug,
		display_name = row.display_name,
		id = row.id,
		create_time = store.timestamp(row.create_time),
	}
end

local function find(req)
	return db.row("SELECT * FROM workspaces WHERE slug = ?", req.params.workspace)
end

local function list(req, token)
	local seen = {}
	for _, row in ipairs(assert(db.query "SELECT * FROM workspaces ORDER BY slug")) do
		if access.sees(token, row.slug) then
			seen[#seen + 1] = shown(row)
		end
	end
	return paging.reply(req, "workspaces", seen)
end

return function(app)
	local parts = { find = find, list = list, get = resource.showing(shown) }
	resource.add(app, "/v1beta/workspaces", "/:workspace", parts)
end
