-- Where a setting comes from whose name an app has chosen.
local log = require "partnerapp.log"
local settings = require "partnerapp.store.settings"
local sys = require "native.sys"
local testing = require "partnerapp.testing"

local function with_environment(environment, body)
	local env = sys.env
	function sys.env(name)
		return environment[name]
	end
	local ok, err = pcall(body)
	sys.env = env
	if not ok then
		error(err, 0)
	end
end

testing.case("an app's own setting is the environment's, else that of .env", function(t)
	testing.settings { TESTING = false, ["env.COLOUR"] = "from .env" }
	with_environment({ COLOUR = "from the environment" }, function()
		t.equal(settings.find "COLOUR", "from the environment")
	end)
	with_environment({ COLOUR = "" }, function()
		t.equal(settings.find "COLOUR", "from .env")
	end)
	with_environment({}, function()
		t.equal(settings.find "COLOUR", "from .env")
		t.equal(settings.find "SHAPE", nil)
	end)
end)

testing.case("in an app's tests the environment does not count", function(t)
	with_environment({ COLOUR = "from the environment" }, function()
		t.equal(settings.find "COLOUR", nil)
	end)
end)

testing.case("TO-05 white space around a credential of the app's own is not part of it", function(t)
	testing.settings { TESTING = false, ["env.ACME_SECRET"] = "\u{FEFF}of .env\r\n", ["env.COLOUR"] = " red " }
	with_environment({ REPORT_CLIENT_ID = "id\n", ACME_KEY = " \n" }, function()
		t.equal(settings.find "REPORT_CLIENT_ID", "id")
		t.equal(settings.find "ACME_SECRET", "of .env")
		t.equal(settings.find "ACME_KEY", nil)
		t.equal(settings.find "COLOUR", " red ")
	end)
end)

testing.case("LG-01 a secret of the app's own is masked, wherever it comes from", function(t)
	testing.settings { TESTING = false, ["env.BOTH_SECRET"] = "hidden-in-dotenv" }
	with_environment({ BOTH_SECRET = "hidden-in-environment", OWN_TOKEN = "hidden-token" }, function()
		t.equal(settings.find "BOTH_SECRET", "hidden-in-environment")
		t.equal(settings.find "OWN_TOKEN", "hidden-token")
	end)
	t.equal(log.masked "hidden-in-environment hidden-token hidden-in-dotenv", "*** *** ***")
end)
