-- The catalogs: any token can read them (A37).
local access = require "api.access"
local assumptions = require "assumptions"
local catalog = require "catalog"
local errors = require "api.errors"
local paging = require "api.paging"
local reply = require "partnerapp.reply"
local store = require "store"

local texts = {}

-- The JSON of a destination, made once because it never changes, but for one of the app's.
local function text_of(entry)
	local text = texts[entry.slug]
	if not text then
		text = store.encode(catalog.item(entry))
		texts[entry.slug] = not entry.of_app and text or nil
	end
	return text
end

local function list_destinations(req)
	local list = {}
	for i, entry in ipairs(catalog.destinations()) do
		list[i] = text_of(entry)
	end
	return paging.reply(req, "destinations", list, assumptions.page_size_catalog)
end

local function get_destination(req)
	local entry = catalog.find(req.params.slug)
	if not entry then
		return errors.not_found()
	end
	local response = reply.json {}
	response.body = text_of(entry)
	return response
end

local function list_sources(req)
	return paging.reply(req, "sources", catalog.sources(), assumptions.page_size_catalog)
end

local function get_source(req)
	for _, item in ipairs(catalog.sources()) do
		if item.name == "catalog/sources/" .. req.params.slug then
			return reply.json(item)
		end
	end
	return errors.not_found()
end

return function(app)
	app:get("/v1beta/catalog/destinations", access.guard("catalog", list_destinations))
	app:get("/v1beta/catalog/destinations/:slug", access.guard("catalog", get_destination))
	app:get("/v1beta/catalog/sources", access.guard("catalog", list_sources))
	app:get("/v1beta/catalog/sources/:slug", access.guard("catalog", get_source))
end
