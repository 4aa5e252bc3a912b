-- An app's own settings: where a value comes from, what is required, and what a name cannot be.
local app_settings = require "partnerapp.store.app_settings"
local partnerapp = require "partnerapp"
local testing = require "partnerapp.testing"

local function find(name)
	for _, one in ipairs(app_settings.all()) do
		if one.name == name then
			return one
		end
	end
end

testing.case("a required setting has a stand-in in tests, and testing.settings gives it for a case", function(t)
	local app = partnerapp.new { env = { WISH_A = partnerapp.required "the key", WISH_B = "b" } }
	t.equal(app.env.WISH_A, "test-WISH_A")
	testing.settings { WISH_A = "given", WISH_B = "too" }
	t.equal(app.env.WISH_A .. app.env.WISH_B, "giventoo")
	t.equal(find("WISH_A").from, "settings")
	testing.settings { WISH_A = false }
	t.equal(app.env.WISH_A .. app.env.WISH_B, "test-WISH_Ab")
end)

testing.case("what the case before has given is gone", function(t)
	t.equal(find("WISH_A").value, "test-WISH_A")
	t.equal(find("WISH_B").from, "default")
end)

testing.case("missing settings are told with the line that requires them, those of all apps", function(t)
	partnerapp.new { env = { WISH_C = partnerapp.required "one" } }
	partnerapp.new { env = { WISH_D = partnerapp.required "two", WISH_E = "default" } }
	local text = table.concat(app_settings.missing(), "\n")
	t.contains(text, "WISH_C is required and not set: one; put it into .env or the environment\n")
	t.contains(text, "WISH_D is required and not set: two")
	t.lacks(text, "WISH_E")
	testing.settings { WISH_C = "c" }
	t.lacks(table.concat(app_settings.missing(), "\n"), "WISH_C")
end)

testing.case("a name that an app's setting cannot have raises, and so does what is not a default", function(t)
	for _, name in ipairs { "SECRET_KEY", "CLIENT_SECRET", "ADMIN_PASSWORD", "WEBHOOK_SECRET", "SECRET_KEY_FILE" } do
		t.raises(function()
			partnerapp.new { env = { [name] = partnerapp.required "x" } }
		end, ("env: '%s' is a setting of the server"):format(name))
	end
	t.raises(function()
		partnerapp.new { env = { ["a key"] = "" } }
	end, "env: 'a key' cannot be the name of a setting")
	t.raises(function()
		partnerapp.new { env = { WISH = partnerapp.required } }
	end, 'env: WISH: a default is a string; a setting without one is partnerapp.required "what it is for"')
	for _, what in ipairs { "", 7, {} } do
		t.raises(function()
			partnerapp.required(what)
		end, "partnerapp.required needs a text that says what the setting is for")
	end
	t.raises(partnerapp.required, "partnerapp.required needs a text")
end)
