-- TO-02, TO-05: values as people and other programs write them. In doubt an error says what may be given.
local testing = require "partnerapp.testing"
local values = require "cli.settings.values"

local LOCATION = { folder = "app", shown = "./app", env = ".env", state = ".partnerapp", notes = {} }
local KEY, OTHER = ("0a"):rep(32), ("B1"):rep(32)

-- What is found of a setting with an environment, and files.
local function find(variables, contents)
	return values.find({}, LOCATION, {
		env = function(name)
			return variables[name]
		end,
		read = function(path)
			local text = contents and contents[path]
			if text then
				return text
			end
			return nil, path .. ": No such file or directory", "not_found"
		end,
		stat = function()
			return { kind = "file", mode = tonumber("600", 8), size = 0, mtime = 0 }
		end,
		list = function()
			return {}
		end,
	})
end

-- { setting, value, what it becomes }
local TAKEN = {
	{ "LOG_LEVEL", "INFO", "info" },
	{ "LOG_LEVEL", "Debug", "debug" },
	{ "LOG_LEVEL", "warning", "warn" },
	{ "LOG_LEVEL", "WARNING", "warn" },
	{ "LOG_LEVEL", "err", "error" },
	{ "LOG_LEVEL", "ERROR", "error" },
	{ "LOG_LEVEL", "critical", "error" },
	{ "LOG_LEVEL", "fatal", "error" },
	{ "LOG_LEVEL", "notice", "info" },
	{ "LOG_LEVEL", "trace", "debug" },
	{ "LOG_LEVEL", "verbose", "debug" },
	{ "LOG_LEVEL", "none", "off" },
	{ "LOG_LEVEL", "silent", "off" },
	{ "LOG_LEVEL", " info ", "info" },
	{ "LOG_LEVEL", "info\r", "info" },
	{ "SANDBOX_AUTO_CONSENT", "true", "1" },
	{ "SANDBOX_AUTO_CONSENT", "TRUE", "1" },
	{ "SANDBOX_AUTO_CONSENT", "yes", "1" },
	{ "SANDBOX_AUTO_CONSENT", "Y", "1" },
	{ "SANDBOX_AUTO_CONSENT", "on", "1" },
	{ "SANDBOX_AUTO_CONSENT", "t", "1" },
	{ "SANDBOX_AUTO_CONSENT", "enabled", "1" },
	{ "SANDBOX_AUTO_CONSENT", "1 ", "1" },
	{ "SANDBOX_STRICT", "false", "0" },
	{ "SANDBOX_STRICT", "No", "0" },
	{ "SANDBOX_STRICT", "off", "0" },
	{ "SANDBOX_STRICT", "n", "0" },
	{ "SANDBOX_STRICT", "F", "0" },
	{ "SANDBOX_NO_RATE_LIMIT", "disabled", "0" },
	{ "SCRIPT_MEMORY", "64MB", "64M" },
	{ "SCRIPT_MEMORY", "64m", "64M" },
	{ "SCRIPT_MEMORY", "64Mi", "64M" },
	{ "SCRIPT_MEMORY", "64 MiB", "64M" },
	{ "SCRIPT_MEMORY", "0.5g", "512M" },
	{ "SCRIPT_MEMORY", "1048576k", "1G" },
	{ "SCRIPT_MEMORY", "1gb ", "1G" },
	{ "SCRIPT_MEMORY", "67108864b", "64M" },
	{ "REQUEST_TIMEOUT", "30s", "30" },
	{ "REQUEST_TIMEOUT", "30 sec", "30" },
	{ "REQUEST_TIMEOUT", "30 seconds", "30" },
	{ "REQUEST_TIMEOUT", "2m", "120" },
	{ "REQUEST_TIMEOUT", "2 min", "120" },
	{ "REQUEST_TIMEOUT", "5000ms", "5" },
	{ "REQUEST_TIMEOUT", "30.0", "30" },
	{ "WORKERS", " 64 ", "64" },
	{ "CALLS_PER_SECOND", "100/s", "100" },
	{ "LISTEN", " 127.0.0.1:8888 ", "127.0.0.1:8888" },
	{ "LISTEN", "LOCALHOST:8888", "localhost:8888" },
	{ "LISTEN", "*:8888", "0.0.0.0:8888" },
	{ "LISTEN", "http://127.0.0.1:8888", "127.0.0.1:8888" },
	{ "LISTEN", "http://localhost:8888/", "localhost:8888" },
	{ "SANDBOX_LISTEN", "tcp://127.0.0.1:8889", "127.0.0.1:8889" },
	{ "PUBLIC_URL", " https://App.example.com/ ", "https://app.example.com" },
	{ "PUBLIC_URL", "https://app.example.com:443", "https://app.example.com" },
	{ "SEGMENT_API_URL", "https://api.example/\n", "https://api.example" },
	{ "DATABASE_URL", "SQLite:data.db", "sqlite:data.db" },
	{ "DATABASE_URL", "sqlite:///var/lib/a.db", "sqlite:/var/lib/a.db" },
	{ "DATABASE_URL", " sqlite:data.db\t", "sqlite:data.db" },
	{ "SECRET_KEY", ("0A"):rep(32), "k1:" .. ("0A"):rep(32) },
	{ "SECRET_KEY", "k2:" .. OTHER .. ", k1:" .. KEY, "k2:" .. OTHER .. ",k1:" .. KEY },
	{ "TRUSTED_PROXIES", "10.0.0.0/8,  ::1", "10.0.0.0/8,  ::1" },
	{ "HTTP_ALLOW", "http://A.example/ , http://b.example ", "http://a.example http://b.example" },
	{ "NO_PROXY", "a.example; b.example", "a.example,b.example" },
	{ "CA_FILE", " none.pem ", "none.pem" },
	{ "SEGMENT_WORKSPACE", " mine ", "mine" },
	{ "SEGMENT_EMAIL", "me@example.com\r\n", "me@example.com" },
}

testing.case("TO-02 values are forgiven their case, white space and spelling", function(t)
	local wrong, taken = {}, 0
	for _, row in ipairs(TAKEN) do
		local found = find({ [row[1]] = row[2] }, { ["none.pem"] = "" })
		if found.value[row[1]] == row[3] and (not found.problems[1] or row[1] == "CA_FILE") then
			taken = taken + 1
		else
			wrong[#wrong + 1] = ("%s=%s: %s"):format(row[1], row[2], found.problems[1] or found.value[row[1]])
		end
	end
	t.same(wrong, {}, ("%d of %d"):format(taken, #TAKEN))
end)

-- { setting, value, what the error has to say }
local REFUSED = {
	{ "LOG_LEVEL", "loud", "debug, info, warn, error or off" },
	{ "LOG_LEVEL", "3", "debug, info, warn, error or off" },
	{ "SANDBOX_STRICT", "2", "1 (true, yes, on) or 0 (false, no, off)" },
	{ "SANDBOX_STRICT", "maybe", "1 (true, yes, on) or 0 (false, no, off)" },
	{ "SCRIPT_MEMORY", "64", "at least 16M" },
	{ "SCRIPT_MEMORY", "64MX", "512M or 1G" },
	{ "SCRIPT_MEMORY", "1,5G", "512M or 1G" },
	{ "REQUEST_TIMEOUT", "1500ms", "seconds from 1 to 600" },
	{ "REQUEST_TIMEOUT", "1h", "seconds from 1 to 600" },
	{ "REQUEST_TIMEOUT", "0", "seconds from 1 to 600" },
	{ "CALLS_PER_SECOND", "unlimited", "0 for any number" },
	{ "CALLS_PER_SECOND", "100/m", "0 for any number" },
	{ "WORKERS", "auto", "from 8 to 4096" },
	{ "LISTEN", "https://localhost:8888", "ADDRESS:PORT" },
	{ "LISTEN", "http://localhost:8888/app", "ADDRESS:PORT" },
	{ "LISTEN", "8888", "127.0.0.1:8888" },
	{ "PUBLIC_URL", "app.example.com", "http:// or https://" },
	{ "DATABASE_URL", "sqlite://data.db", "sqlite:data.db" },
	{ "DATABASE_URL", "postgres://a/b", "PostgreSQL is not supported" },
	{ "DATABASE_URL", "mysql://a/b", "sqlite:PATH" },
	{ "DATABASE_URL", "file:./dev.db", "sqlite:PATH" }, -- another program's
	{ "DATABASE_URL", "sqlite3:db/development.sqlite3", "sqlite:PATH" },
	{ "SECRET_KEY", "0x" .. KEY, "64 hex digits" },
	{ "SECRET_KEY", KEY:sub(1, 32) .. "\n" .. KEY:sub(33), "white space" },
	{ "CLIENT_SECRET", "two words", "white space" },
	{ "CLIENT_SECRET", "with\ttab", "white space" },
	{ "CLIENT_SECRET", "a\nb", "white space" },
	{ "CLIENT_SECRET", "a\u{A0}b", "white space" },
	{ "CLIENT_ID", "two words", "white space" },
	{ "ACCESS_TOKEN", "a b", "white space" },
	{ "ADMIN_PASSWORD", "two\nlines", "several lines" },
	{ "SEGMENT_PASSWORD", "two\r\nlines", "several lines" },
	{ "WEBHOOK_SECRET", "two\nlines", "several lines" },
}

testing.case("TO-02, TO-05 in doubt an error says what may be given, without the value of a secret", function(t)
	local wrong, right = {}, 0
	for _, row in ipairs(REFUSED) do
		local problems = find({ [row[1]] = row[2] }).problems
		local text = problems[1] or ""
		local is_told = #problems == 1 and text:find(row[3], 1, true) and text:find("^" .. row[1] .. " %(environment%)")
		if is_told and not text:find("two words", 1, true) then
			right = right + 1
		else
			wrong[#wrong + 1] = ("%s=%s: %s"):format(row[1], row[2], text)
		end
	end
	t.same(wrong, {}, ("%d of %d"):format(right, #REFUSED))
end)

-- White space as it comes with a credential: from the clipboard, from echo, Windows, Kubernetes.
local AROUND = {
	"%s\n",
	"%s\r\n",
	"%s\n\n",
	" %s",
	"%s ",
	"\t%s\t",
	"\n%s\n",
	"\u{FEFF}%s",
	"\u{A0}%s\u{A0}",
	"%s\u{200B}",
	"%s\u{3000}",
}
local CREDENTIALS = {
	"CLIENT_ID",
	"CLIENT_SECRET",
	"ACCESS_TOKEN",
	"WEBHOOK_SECRET",
	"ADMIN_PASSWORD",
	"SEGMENT_PASSWORD",
	"SECRET_KEY",
}

testing.case("TO-05 white space around a credential is not part of it", function(t)
	local wrong, right, count = {}, 0, 0
	for _, name in ipairs(CREDENTIALS) do
		local plain = name == "SECRET_KEY" and KEY or "the-value"
		local wanted = name == "SECRET_KEY" and "k1:" .. KEY or plain
		for _, around in ipairs(AROUND) do
			local value = around:format(plain)
			for where, found in pairs {
				environment = find { [name] = value },
				file = find({ [name .. "_FILE"] = "secret" }, { secret = value }),
				["file whose name has white space around it"] = find(
					{ [name .. "_FILE"] = " secret\n" },
					{ secret = value }
				),
				[".env"] = find({}, { [".env"] = ('%s="%s"\n'):format(name, value) }),
				["a file that .env names"] = find({}, { [".env"] = name .. "_FILE=secret\n", secret = value }),
			} do
				count = count + 1
				if found.value[name] == wanted and not found.problems[1] then
					right = right + 1
				else
					wrong[#wrong + 1] = ("%s from %s: %q"):format(name, where, value)
				end
			end
		end
	end
	t.same(wrong, {}, ("%d of %d"):format(right, count))
end)

testing.case("TO-05 white space alone is no credential, and an empty file is told", function(t)
	local found = find { CLIENT_SECRET = " \n", CLIENT_ID = "" }
	t.same({ found.value.CLIENT_SECRET or false, found.from.CLIENT_SECRET, found.problems }, { false, "unset", {} })
	found = find({ CLIENT_SECRET_FILE = "secret" }, { secret = "\n" })
	t.same(found.problems, { "CLIENT_SECRET_FILE: secret is empty" })
end)

testing.case("TO-05 passwords and what is signed with may have spaces inside", function(t)
	for _, name in ipairs { "ADMIN_PASSWORD", "SEGMENT_PASSWORD", "WEBHOOK_SECRET" } do
		local found = find { [name] = " correct horse " }
		t.same({ found.value[name], found.problems }, { "correct horse", {} }, name)
	end
end)
