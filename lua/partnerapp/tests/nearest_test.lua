-- What a message about an unknown name proposes.
local nearest = require "partnerapp.nearest"
local testing = require "partnerapp.testing"

testing.case("an unknown name has a proposal when a name is near, else the names", function(t)
	local names = { "string", "allow_null", "is", "is_not" }
	for name, meant in pairs {
		sting = "string",
		strign = "string",
		STRING = "string",
		allowNull = "allow_null",
		["allow-null"] = "allow_null",
		isnot = "is_not",
	} do
		t.equal(nearest(name, names), (": did you mean '%s'?"):format(meant), name)
	end
	for _, name in ipairs { "", "x", "str", "number", ("string"):rep(1000) } do
		t.equal(nearest(name, names), ": use string, allow_null, is, is_not", name)
	end
	t.equal(nearest("x", {}), "")
end)

testing.case("many names are not listed", function(t)
	local names = {}
	for i = 1, 31 do
		names[i] = "name number " .. i
	end
	t.equal(nearest("x", names), "")
	t.equal(nearest("name nubmer 7", names), ": did you mean 'name number 7'?")
end)
