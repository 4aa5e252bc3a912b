-- Workspaces: those that the token is for (A22).
local access = require "api.access"
local db = require "partnerapp.db"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
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

return function(app)
	resource.add(app, {
		path = "/v1beta/workspaces",
		item = "/v1beta/workspaces/:workspace",
		find = function(req)
			return db.row("SELECT * FROM workspaces WHERE slug = ?", req.params.workspace)
		end,
		list = function(req, token)
			local list = {}
			for _, row in ipairs(assert(db.query "SELECT * FROM workspaces ORDER BY slug")) do
				if access.sees(token, row.slug) then
					list[#list + 1] = shown(row)
				end
			end
			return paging.reply(req, "workspaces", list)
		end,
		get = function(_, row)
			return reply.json(shown(row))
		end,
	})
end
