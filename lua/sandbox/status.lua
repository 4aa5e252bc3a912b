-- The page at /: what is in the sandbox and what it was asked last.
local db = require "partnerapp.db"
local page = require "page"

local SQL = {
	sources = "SELECT name, write_key FROM sources ORDER BY name LIMIT 50",
	destinations = "SELECT name, enabled FROM destinations ORDER BY name LIMIT 50",
	clients = "SELECT n, display_name, scope, client_id FROM clients ORDER BY n LIMIT 50",
	installs = "SELECT n, client_id, workspace, source, scope FROM installs ORDER BY n LIMIT 50",
	requests = [[SELECT strftime('%H:%M:%S', time / 1000, 'unixepoch') AS time, method, path FROM requests
		ORDER BY n DESC LIMIT 25]],
}

return function(app)
	app:get("/", function()
		local values = { title = "A local Segment", width = "wide" }
		for name, sql in pairs(SQL) do
			values[name] = assert(db.query(sql))
		end
		return page.show("status", values)
	end)
end
