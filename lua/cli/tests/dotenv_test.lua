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
		['A="a\\nb\\tc\\r\\"d\\"\\\\"'] = 'a\nb\\tc\r"d"\\',
		['A=`it\'s "1"`'] = 'it\'s "1"',
		['A="1\n2"'] = "1\n2",
		["A: 1"] = "1",
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

testing.case("TO-02 names are letters, digits, underscores, dots and dashes", function(t)
	t.same(read "_a1=1\nB.c-D=2\nexport_x=3\n", { _a1 = "1", ["B.c-D"] = "2", export_x = "3" })
	for _, line in ipairs { "=1", "A B=1", "A/B=1" } do
		local values, problems, warnings = read(line)
		local wanted = { {}, {}, { ".env:1: must be NAME=value: this line is not read" } }
		t.same({ values, problems, warnings }, wanted, line)
	end
end)

testing.case("TO-02 a bare name is one of the environment, and says nothing here", function(t)
	local values, problems, warnings = read "A\nexport B\nC # of mine\nD=1\n"
	t.same({ values, problems, warnings }, { { D = "1" }, {}, {} })
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

testing.case("TO-02 each line that cannot be read is a warning with its number, and the others count", function(t)
	local values, problems, warnings = read "A=1\nnonsense line\nB='open\n\nC=\"open\nD=\"1\n2\"\nE='1'2\nF=2\nG=1\0\n"
	t.same({ values, problems }, { { A = "1", D = "1\n2", F = "2" }, {} })
	t.same(warnings, {
		".env:2: must be NAME=value: this line is not read",
		".env:3: the value of B begins with a quote and does not end with it: this line is not read",
		".env:5: the value of C begins with a quote and does not end with it: this line is not read",
		".env:8: the value of E has text after the quote that ends it: this line is not read",
		".env:10: the value of G has a NUL byte: this line is not read",
	})
end)

testing.case("TO-02 a file of UTF-16 is one warning, and is not written", function(t)
	local text = "\xFF\xFEA\0=\0001\0\n\0"
	local values, problems, warnings = read(text)
	local wanted = ".env:1: is UTF-16, not UTF-8: nothing of it is read; save it as UTF-8"
	t.same({ values, problems, warnings }, { {}, {}, { wanted } })
	t.same({ dotenv.set(text, "A", "1") }, { nil, "it is UTF-16: save it as UTF-8" })
end)

testing.case("TO-02 a folder of the name, such as one of Python, is a warning", function(t)
	local problems, warnings = {}, {}
	local values = dotenv.read(".env", problems, warnings, {
		read = function()
			return nil, ".env: Is a directory", "io"
		end,
		stat = function()
			return { kind = "folder", mode = tonumber("755", 8) }
		end,
	})
	t.same({ values, problems, warnings }, { {}, {}, { ".env is a folder, so there are no settings in it" } })
end)

testing.case("a missing file is empty, one that cannot be read is a problem", function(t)
	local values, problems, warnings = read(nil)
	t.same({ values, problems, warnings }, { {}, {}, {} })
	values = dotenv.read(".env", problems, warnings, {
		read = function()
			return nil, ".env: Permission denied", "io"
		end,
		stat = function() end,
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
		{ "A='open\nB=1\n", "A='new'\nB=1\n" },
		{ "A=a\nA=b\nA_FILE=x\n", "A=a\nA=new\nA_FILE=x\n" },
		{ "A=a\r\nB=1\r\n", "A=new\r\nB=1\r\n" },
		{ "A=\r\nB=1\r\n", "A=new\r\nB=1\r\n" },
		{ "A='a'\r\n", "A='new'\r\n" },
		{ 'A="a" # b\r\n', 'A="new" # b\r\n' },
		{ "A= # b\r\n", "A=new # b\r\n" },
		{ "A=a\rB=1\r", "A=new\rB=1\r" },
		{ "B=1\r\n", "B=1\r\nA=new\r\n" },
		{ "B=1\r\nC=2", "B=1\r\nC=2\r\nA=new\r\n" },
		{ "B=1\rC=2", "B=1\rC=2\rA=new\r" },
		{ "\u{FEFF}A=a\n", "\u{FEFF}A=new\n" },
		{ "\u{FEFF}B=1\n", "\u{FEFF}B=1\nA=new\n" },
		{ "\u{FEFF}", "\u{FEFF}A=new\n" },
		{ 'B="1\nA=2\n"\n', 'B="1\nA=2\n"\nA=new\n' },
		{ 'B="1\nA=2\n"\nA=3\nC=4\n', 'B="1\nA=2\n"\nA=new\nC=4\n' },
		{ 'A="1\n2\n3" # of mine\nB=1\n', 'A="new" # of mine\nB=1\n' },
		{ "A=`a` # b\n", "A=`new` # b\n" },
		{ "export A=a\n", "export A=new\n" },
		{ "A: a # b\n", "A: new # b\n" },
		{ "A:\nB=1\n", "A: new\nB=1\n" },
		{ "A\nB=1\n", "A\nB=1\nA=new\n" },
		{ "A=a\nA=b # the last\nB=1\n", "A=a\nA=new # the last\nB=1\n" },
		{ "A.B=1\nA-C=2\nB.A=3\n", "A.B=1\nA-C=2\nB.A=3\nA=new\n" },
		{ 'A="1"2\nB=1\n', 'A="new"\nB=1\n' },
	} do
		t.equal(dotenv.set(case[1], "A", "new"), case[2], case[1])
	end
end)

testing.case("TO-02 whatever the value and the line it replaces, it is read as it was set", function(t)
	local lines = {
		"",
		"A=old\n",
		"A='old'\n",
		'A="old" # said\n',
		"export A= old # said\n",
		"A='old' # \"said\"\n",
		"A=`old` # `said`\r\n",
		"A: old\r\nB='1'\r\n",
		'B=\'open\nA=old\nC="2"\n',
	}
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
			local text = assert(dotenv.set(line, "A", value))
			t.equal(read(text).A, value, text)
		end
	end
end)

testing.case("a value that would change what other lines say is refused", function(t)
	local text = "B='open\nC=\"open\nD=`open\n"
	local changed, message = dotenv.set(text, "A", "# \\")
	t.falsy(changed)
	t.contains(message, "close the quotes")
	t.equal(dotenv.set(text, "A", "new"), text .. "A=new\n")
end)

testing.case("a value that a shell could change is in single quotes", function(t)
	t.equal(dotenv.set("", "A", "a-b_c.d~e/f:g@h+i"), "A=a-b_c.d~e/f:g@h+i\n")
	t.equal(dotenv.set("", "A", "$(id)"), "A='$(id)'\n")
	t.equal(dotenv.set("", "A", "it's"), 'A="it\'s"\n')
end)
