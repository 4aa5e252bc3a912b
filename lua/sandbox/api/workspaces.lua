-- Workspaces: those of the token.
local access = require "api.access"
local db = require "partnerapp.db"
local errors = require "errors"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
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
	app:get(
		"/v1beta/workspaces",
		access.guard("read", function(req, token)
			local list = {}
			for _, row in ipairs(assert(db.query("SELECT * FROM workspaces ORDER BY slug"))) do
				if access.sees(token, row.slug) then
					list[#list + 1] = shown(row)
				end
			end
			return paging.reply(req, "workspaces", list)
		end)
	)

	app:get(
		"/v1beta/workspaces/:workspace",
		access.guard("read", function(req)
			local row = db.row("SELECT * FROM workspaces WHERE slug = ?", req.params.workspace)
			return row and reply.json(shown(row)) or errors.api(5, "not found")
		end)
	)
end
