-- Where a person can go from a page of the OAuth server that leads to no app: the apps that are registered.
local db = require "partnerapp.db"
local store = require "store"

local MOST = 5

local NEWEST = "SELECT display_name, redirect_uris FROM clients ORDER BY n DESC LIMIT 100"

--- The start pages of the registered apps, the newest first, at most five.
---@return {name: string, href: string}[]
return function()
	local apps, seen = {}, {}
	for _, row in ipairs(assert(db.query(NEWEST))) do
		for _, uri in ipairs(store.decode(row.redirect_uris)) do
			local href = uri:match "^https?://[^/?#]+"
			if href and not seen[href] and #apps < MOST then
				seen[href] = true
				apps[#apps + 1] = { name = row.display_name or "An app", href = href .. "/" }
			end
		end
	end
	return apps
end
