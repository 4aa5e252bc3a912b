-- What an app may require (SBX-03): the library's flat files; its rooms, the command line and C only by the public way.
local scripts = require "native.scripts"
local testing = require "partnerapp.testing"

-- Runs a chunk as a script of the app.
local function as_app(source)
	local chunk = assert(scripts.compile(source, "@init.lua", scripts.globals()))
	return pcall(chunk)
end

local REFUSED = {
	["native.db"] = "an app cannot require 'native.db': use the library (partnerapp.…)",
	["cli.settings"] = "an app cannot require 'cli.settings'",
	["partnerapp.web.csrf"] = "'partnerapp.web.csrf' is private to the library: use the request, partnerapp.reply and "
		.. "the app's methods (docs/scripts.md)",
	["partnerapp.oauth.clients"] = "'partnerapp.oauth.clients' is private to the library: use app:oauth "
		.. "(docs/scripts.md)",
	["partnerapp.installs.tokens"] = "'partnerapp.installs.tokens' is private to the library: use app.installs "
		.. "(docs/scripts.md)",
	["partnerapp.destination.trigger"] = "'partnerapp.destination.trigger' is private to the library: use "
		.. "partnerapp.destination (docs/scripts.md)",
	["partnerapp.segment.call"] = "'partnerapp.segment.call' is private to the library: use partnerapp.segment and "
		.. "install:segment() (docs/scripts.md)",
	["partnerapp.host"] = "'partnerapp.host' is private to the library: use the app's methods (docs/scripts.md)",
	["partnerapp.host.check"] = "'partnerapp.host.check' is private to the library: use the app's methods "
		.. "(docs/scripts.md)",
	["partnerapp.store.settings"] = "'partnerapp.store.settings' is private to the library: use partnerapp.db, "
		.. "app.installs and app.env (docs/scripts.md)",
	["partnerapp.new_room.thing"] = "'partnerapp.new_room.thing' is private to the library: use its public modules "
		.. "(docs/scripts.md)",
}

for name, message in pairs(REFUSED) do
	testing.case("an app may not require " .. name, function(t)
		local ok, err = as_app(("return require %q"):format(name))
		t.equal(ok, false)
		t.equal(err, "init.lua:1: " .. message)
	end)
end

testing.case("an app may require every flat file of the library, and sees it read-only", function(t)
	for _, file in ipairs(scripts.list "library") do
		local name = file:match "^([%w_]+)%.lua$"
		if name then
			local ok, module = as_app(("return require %q"):format("partnerapp." .. name))
			t.equal(ok, true, name)
			t.truthy(type(module) ~= "table" or not pcall(function()
				module.own = 1
			end), name)
		end
	end
end)
