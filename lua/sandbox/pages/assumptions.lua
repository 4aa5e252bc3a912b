-- The page at /assumptions: what the sandbox assumes where Segment's documents say nothing.
local assumptions = require "assumptions"
local html = require "pages.html"

return function(app)
	app:get("/assumptions", function()
		return html.show("assumptions", { title = "What the sandbox assumes", list = assumptions.list })
	end)
end
