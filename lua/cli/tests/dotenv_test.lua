-- What every kind of line in .env means, and what setting a value leaves as it was.
local dotenv = require "cli.dotenv"
local testing = require "partnerapp.testing"

-- The file system with one file, or with none when there is no text.
local function file(text, mode)
	return {
		read = function()
			if not text then
				return nil, ".env: No such file or directory", "not_found"
			end
			return text
		end,
		stat = function()
			return { kind = "file", mode = mode or tonumber("600", 8), size = 0, mtime = 0 }
		end,
	}
end

local function read(text, mode)
	local problems, warnings = {}, {}
	return dotenv.read(".env", problems, warnings, file(text, mode)), problems, warnings
end

testing.case("TO-02 every kind of assignment is read", function(t)
	for line, wanted in pairs {
		["A=1"] = "1",
		["A="] = "",
		["A= "] = "",
		["  A = 1  "] = "1",
		["export A=1"] = "1",
		["\texport\tA=1"] = "1",
		["A=1 2"] = "1 2",
		["A=a=b"] = "a=b",
		["A=1 # of this machine"] = "1",
		["A= # nothing"] = "",
		["A=1#2"] = "1#2",
		["A=#1"] = "#1",
		["A=1\r"] = "1",
		["A=it's"] = "it's",
		["A=a\\nb"] = "a\\nb",
		["A='1 # 2'"] = "1 # 2",
		["A='a\\nb \"c\"'"] = 'a\\nb "c"',
		["A='1' # 2"] = "1",
		["A=''"] = "",
		['A="1 # 2"'] = "1 # 2",
		['A="1" # 2'] = "1",
		['A=""'] = "",
		['A="it\'s"'] = "it's",
		['A="a\\nb\\tc\\r\\"d\\"\\\\"'] = 'a\nb\tc\r"d"\\',
		['A="\\x"'] = "\\x",
		['A="1" # "2"'] = "1",
		['A="1\\" # 2" # "3"'] = '1" # 2',
		['A="say "so""'] = 'say "so"',
		['A="\\" # 2'] = "\\",
	} do
		local values, problems = read(line .. "\n")
		t.same({ values, problems }, { { A = wanted }, {} }, line)
	end
end)

testing.case("names are letters, digits and underscores", function(t)
	t.same(read "_a1=1\nBc_D=2\nexport_x=3\n", { _a1 = "1", Bc_D = "2", export_x = "3" })
	for _, line in ipairs { "1A=1", "A-B=1", "A.B=1", "=1", "A B=1" } do
		local values, problems = read(line)
		t.same({ values, problems }, { {}, { ".env:1: must be NAME=value" } }, line)
	end
end)

testing.case("empty lines and comments mean nothing", function(t)
	local values, problems, warnings = read "\n# A=1\n   \n\t# more\n\r\n"
	t.same({ values, problems, warnings }, { {}, {}, {} })
end)

testing.case("the last assignment counts, and the last line needs no end", function(t)
	t.same(read "A=1\nB=2\nA=3", { A = "3", B = "2" })
end)

testing.case("a byte order mark and CR LF are not part of a value", function(t)
	t.same(read "\xEF\xBB\xBFA=1\r\nB='2'\r\n", { A = "1", B = "2" })
end)

testing.case("each line that assigns nothing is a problem with its number, and the others count", function(t)
	local values, problems = read "A=1\nnonsense line\nB='open\n\nC=\"open\nexport D\nE='1'2\nF=2\n"
	t.same(values, { A = "1", F = "2" })
	t.same(problems, {
		".env:2: must be NAME=value",
		".env:3: the value of B begins with a quote and does not end with it",
		".env:5: the value of C begins with a quote and does not end with it",
		".env:6: must be NAME=value",
		".env:7: the value of E begins with a quote and does not end with it",
	})
end)

testing.case("a missing file is empty, one that cannot be read is a problem", function(t)
	local values, problems, warnings = read(nil)
	t.same({ values, problems, warnings }, { {}, {}, {} })
	values = dotenv.read(".env", problems, warnings, {
		read = function()
			return nil, ".env: Permission denied", "io"
		end,
	})
	t.same({ values, problems }, { {}, { ".env: Permission denied" } })
end)

testing.case("OP-06 a file that every user can read is warned about, one that the group can read is not", function(t)
	local _, _, warnings = read("A=1\n", tonumber("644", 8))
	t.equal(#warnings, 1)
	t.contains(warnings[1], "chmod 600 .env")
	_, _, warnings = read("A=1\n", tonumber("640", 8))
	t.same(warnings, {})
end)

testing.case("a new value keeps order, foreign lines, spaces, quotes and comments", function(t)
	for _, case in ipairs {
		{ "", "A=new\n" },
		{ "B=1", "B=1\nA=new\n" },
		{ "# mine\n\nB='1' # one\nexport C=2\n", "# mine\n\nB='1' # one\nexport C=2\nA=new\n" },
		{ "nonsense line\n", "nonsense line\nA=new\n" },
		{ "A=\nB=1\n", "A=new\nB=1\n" },
		{ "A=old", "A=new" },
		{ "A=old\nAA=1\nB_A=1\n", "A=new\nAA=1\nB_A=1\n" },
		{ "A= # of Segment\n", "A=new # of Segment\n" },
		{ "A=old # of Segment\n", "A=new # of Segment\n" },
		{ "#A=x\n", "#A=x\nA=new\n" },
		{ ' export  A = "" # its #1\n', ' export  A = "new" # its #1\n' },
		{ "A='old value' \n", "A='new' \n" },
		{ "A='open\nB=1\n", "A=new\nB=1\n" },
		{ "A=a\nA=b\nA_FILE=x\n", "A=a\nA=new\nA_FILE=x\n" },
		{ "A=a\r\nB=1\r\n", "A=new\r\nB=1\r\n" },
	} do
		t.equal(dotenv.set(case[1], "A", "new"), case[2], case[1])
	end
end)

testing.case("TO-02 whatever the value and the line it replaces, it is read as it was set", function(t)
	local lines = { "", "A=old\n", "A='old'\n", 'A="old" # said\n', "export A= old # said\n", "A='old' # \"said\"\n" }
	local values = {
		"",
		"plain",
		"two words",
		"a#b",
		"a # b",
		"it's",
		'say "so"',
		"both ' and \"",
		"back\\slash",
		"back\\nslash",
		"a\nb\tc\r",
		"$HOME `x`",
		" around ",
		"a=b",
		"日本",
	}
	for _, line in ipairs(lines) do
		for _, value in ipairs(values) do
			local text = dotenv.set(line, "A", value)
			local found, problems = read(text)
			t.same({ found, problems }, { { A = value }, {} }, text)
		end
	end
end)

testing.case("a value that a shell could change is in single quotes", function(t)
	t.equal(dotenv.set("", "A", "a-b_c.d~e/f:g@h+i"), "A=a-b_c.d~e/f:g@h+i\n")
	t.equal(dotenv.set("", "A", "$(id)"), "A='$(id)'\n")
	t.equal(dotenv.set("", "A", "it's"), 'A="it\'s"\n')
end)
