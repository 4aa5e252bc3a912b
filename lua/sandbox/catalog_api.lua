-- The catalogs: readable with any token (A37).
local access = require "access"
local assumptions = require "assumptions"
local catalog = require "catalog"
local errors = require "errors"
local pages = require "pages"
local reply = require "partnerapp.reply"

local function with_token(handler)
	return function(req)
		local token, refusal = access.token(req)
		if not token then
			return refusal
		end
		return handler(req)
	end
end

return function(app)
	app:get(
		"/v1beta/catalog/destinations",
		with_token(function(req)
			local list = {}
			for i, entry in ipairs(catalog.destinations()) do
				list[i] = catalog.item(entry)
			end
			return pages.reply(req, "destinations", list, assumptions.A21_page_size_catalog)
		end)
	)

	app:get(
		"/v1beta/catalog/destinations/:slug",
		with_token(function(req)
			local entry = catalog.find(req.params.slug)
			return entry and reply.json(catalog.item(entry)) or errors.api(5, "not found")
		end)
	)

	app:get(
		"/v1beta/catalog/sources",
		with_token(function(req)
			return pages.reply(req, "sources", catalog.sources(), assumptions.A21_page_size_catalog)
		end)
	)

	app:get(
		"/v1beta/catalog/sources/:slug",
		with_token(function(req)
			for _, item in ipairs(catalog.sources()) do
				if item.name == "catalog/sources/" .. req.params.slug then
					return reply.json(item)
				end
			end
			return errors.api(5, "not found")
		end)
	)
end
