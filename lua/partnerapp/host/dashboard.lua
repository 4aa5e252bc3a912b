-- Serves /dashboard…: decides who gets in (host/administrator.lua), and gives the pages (room lua/dashboard) what they
-- show. The pages are an app of their own: hooks of the partner's app do not apply to them.
local administrator = require "partnerapp.host.administrator"
local refusal = require "partnerapp.web.refusal"

local dashboard = {}

-- What the pages get besides the public library. Each is a module of the library, loaded when a page first uses it.
local GIVEN = {
	administrator = "partnerapp.host.administrator",
	credentials_check = "partnerapp.host.credentials_check",
	definition = "partnerapp.destination.definition",
	destinations = "partnerapp.destination.files",
	diff = "partnerapp.destination.diff",
	raised = "partnerapp.web.raised",
	replay = "partnerapp.host.replay",
	state = "partnerapp.host.state",
	stories = "partnerapp.destination.kept_stories",
	tester = "partnerapp.host.tester",
	traffic = "partnerapp.traffic.exchanges",
}

---@class partnerapp.host.given
---@field app partnerapp.app the partner's app
---@field administrator table see host/administrator.lua
---@field credentials_check table see host/credentials_check.lua
---@field definition table see destination/definition.lua
---@field destinations table see destination/files.lua
---@field diff table see destination/diff.lua
---@field raised table see web/raised.lua
---@field replay table see host/replay.lua
---@field state table see host/state.lua
---@field stories table see destination/kept_stories.lua
---@field tester table see host/tester.lua
---@field traffic table see traffic/exchanges.lua

local function given_for(app)
	return setmetatable({ app = app }, {
		__index = function(given, name)
			local module = GIVEN[name] or error("the dashboard is given no '" .. tostring(name) .. "'", 2)
			local value = require(module)
			rawset(given, name, value)
			return value
		end,
	})
end

local pages -- of the one app that this VM serves

--- Answers a request below /dashboard.
---@param app partnerapp.app
---@param req partnerapp.request
---@return partnerapp.response|partnerapp.refusal
function dashboard.serve(app, req)
	if administrator.access(req) == "absent" then
		return refusal.new(404, "There is nothing at this address.")
	end
	if not pages or pages.of ~= app then
		pages = { of = app, app = require "partnerapp_dashboard"(given_for(app)) }
	end
	administrator.begin(req)
	return pages.app:dispatch(req)
end

return dashboard
