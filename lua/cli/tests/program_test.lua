-- native.program: what another program prints, and how it ends.
local program = require "native.program"
local testing = require "partnerapp.testing"

local function shell(script, seconds)
	return program.run("sh", { "-c", script }, "/tmp", seconds or 60)
end

testing.case("a program's output and exit code", function(t)
	t.same({ shell "printf 'a\\nb'; pwd; exit 3" }, { "a\nb/tmp\n", 3 })
	t.same({ shell "echo lost >&2; cat; kill -9 $$" }, { "", 128 + 9 })
	t.same({ program.run("printf", { "%s|", "a b", "", "$HOME" }, "/", 60) }, { "a b||$HOME|", 0 })
end)

testing.case("of the environment a program gets what it needs", function(t)
	for line in (shell "env" or ""):gmatch "[^\n]+" do
		local name = line:match "^([%w_]+)=" or ""
		local is_of_shell = name == "PWD" or name == "_" or name == "SHLVL" or name == "OLDPWD"
		t.truthy(
			is_of_shell or name:find "^LC_" or name:find "^LUA_" or ("PATH HOME LANG TMPDIR"):find(name, 1, true),
			line
		)
	end
end)

testing.case("a program that is not there, hangs or prints too much", function(t)
	t.equal(select(3, program.run("no-such-program", {}, "/tmp", 60)), "not_found")
	t.equal(select(3, program.run("sh", {}, "/no-such-folder", 60)), "not_found")
	t.equal(select(3, shell("exec sleep 600", 0.05)), "timeout")
	t.equal(select(3, shell("exec >&-; exec sleep 600", 0.05)), "timeout")
	t.equal(select(3, shell "exec cat /dev/zero"), "too_large")
end)

testing.case("wrong arguments raise", function(t)
	for _, wrong in ipairs { { "a\0b" }, { 7 }, { {} } } do
		t.raises(function()
			program.run("true", wrong, "/", 1)
		end, "must be a list of strings without a NUL byte")
	end
	t.raises(function()
		program.run("true", {}, "/", -1)
	end, "must be from 0 to 600")
	t.raises(function()
		program.run("true", {}, "/\0", 1)
	end, "NUL byte")
end)
