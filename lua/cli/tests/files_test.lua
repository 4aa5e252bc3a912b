-- native.files: names that C would read differently from what was given.
local files = require "native.files"
local testing = require "partnerapp.testing"

testing.case("a path with a NUL byte raises: another file would be used", function(t)
	for _, name in ipairs { "read", "lock", "make_folder", "stat", "list", "real", "env" } do
		t.raises(function()
			files[name] "/tmp\0/x"
		end, "NUL byte", name)
	end
	t.raises(function()
		files.write("/tmp/x\0y", "", 384)
	end, "NUL byte")
end)

testing.case("a folder without a name cannot be made", function(t)
	local made, _, code = files.make_folder ""
	t.equal(made, nil)
	t.equal(code, "not_found")
end)
