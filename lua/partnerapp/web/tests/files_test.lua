-- Where views and static files are found: a room's name in front means that room alone.
local files = require "partnerapp.web.files"
local testing = require "partnerapp.testing"

testing.case("a name begins with a room, or is a plain one", function(t)
	local room, rest = files.of "partnerapp/layout"
	t.equal(room.name, "library")
	t.equal(rest, "layout")
	for _, name in ipairs { "home", "reports/home", "partnerapps/home", "partnerapp", "cli/home", "app/home" } do
		room, rest = files.of(name)
		t.equal(room, nil, name)
		t.equal(rest, name)
	end
end)
