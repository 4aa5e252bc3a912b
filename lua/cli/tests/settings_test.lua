-- Where the values of settings come from, which are refused, and what they mean for each other.
local rules = require "cli.settings.rules"
local settings = require "cli.settings"
local testing = require "partnerapp.testing"
local values = require "cli.settings.values"

-- A machine with these environment variables and files; .env is one of the files.
local function machine(variables, contents)
	contents = contents or {}
	return {
		env = function(name)
			return variables and variables[name]
		end,
		read = function(path)
			if not contents[path] then
				return nil, "No such file or directory", "not_found"
			end
			return contents[path]
		end,
		stat = function()
			return { kind = "file", mode = tonumber("600", 8), size = 0, mtime = 0 }
		end,
		list = function(folder)
			local names = {}
			for path in pairs(contents) do
				names[#names + 1] = path:match("^" .. folder .. "/(.*)$")
			end
			return names
		end,
	}
end

local LOCATION = { folder = "app", shown = "./app", env = ".env", state = ".partnerapp", notes = {} }

local function find(given, variables, contents)
	return values.find(given or {}, LOCATION, machine(variables, contents))
end

local function from_environment(name, value)
	return find({}, { [name] = value })
end

testing.case("flag goes before environment, environment before .env, .env before the default", function(t)
	local file = { [".env"] = "WORKERS=100\nLOG_LEVEL=warn\nLISTEN=127.0.0.1:1\n" }
	local found = find({ WORKERS = "300" }, { WORKERS = "200", LISTEN = "127.0.0.1:2" }, file)
	t.same({ found.value.WORKERS, found.from.WORKERS }, { "300", "flag" })
	t.same({ found.value.LISTEN, found.from.LISTEN }, { "127.0.0.1:2", "environment" })
	t.same({ found.value.LOG_LEVEL, found.from.LOG_LEVEL }, { "warn", ".env" })
	t.same({ found.value.SANDBOX_LISTEN, found.from.SANDBOX_LISTEN }, { "127.0.0.1:8889", "default" })
	t.same({ found.value.CLIENT_ID or false, found.from.CLIENT_ID }, { false, "unset" })
	t.same({ found.problems, found.warnings }, { {}, {} })
end)

testing.case("an empty variable or line counts as absent, an empty flag as given", function(t)
	local file = { [".env"] = "WORKERS=100\nLOG_LEVEL=\n" }
	local found = find({ HTTP_ALLOW = "" }, { WORKERS = "", LOG_LEVEL = "", HTTP_ALLOW = "http://a.example" }, file)
	t.same({ found.value.WORKERS, found.from.WORKERS }, { "100", ".env" })
	t.same({ found.value.LOG_LEVEL, found.from.LOG_LEVEL }, { "info", "default" })
	t.same({ found.value.HTTP_ALLOW, found.from.HTTP_ALLOW }, { "", "flag" })
end)

testing.case("a secret may be in a file that NAME_FILE names, in the environment or in .env", function(t)
	local file = { secret = "of-the-file\n\n", other = "of-the-other", [".env"] = "ADMIN_PASSWORD_FILE=other\n" }
	local found = find({}, { CLIENT_SECRET_FILE = "secret" }, file)
	t.same({ found.value.CLIENT_SECRET, found.from.CLIENT_SECRET }, { "of-the-file", "secret" })
	t.same({ found.value.ADMIN_PASSWORD, found.from.ADMIN_PASSWORD }, { "of-the-other", "other" })
	t.same({ found.problems, found.warnings, found.app }, { {}, {}, {} })
end)

testing.case("NAME goes before NAME_FILE of the same place, NAME_FILE before a later place", function(t)
	local file = { secret = "of-the-file", [".env"] = "ADMIN_PASSWORD=of-dotenv\n" }
	local both = find({}, { ADMIN_PASSWORD = "of-the-environment", ADMIN_PASSWORD_FILE = "secret" }, file)
	t.equal(both.value.ADMIN_PASSWORD, "of-the-environment")
	t.equal(find({}, { ADMIN_PASSWORD_FILE = "secret" }, file).value.ADMIN_PASSWORD, "of-the-file")
end)

testing.case("a NAME_FILE that cannot be read is a problem", function(t)
	t.same(from_environment("SECRET_KEY_FILE", "nowhere").problems, { "SECRET_KEY_FILE: No such file or directory" })
end)

testing.case("OP-05 a value with a NUL byte is a problem: the rest of it would be lost", function(t)
	local contents = { [".env"] = "SECRET_KEY_FILE=key\n", key = "c\0d" }
	t.same(find({}, {}, contents).problems, { "SECRET_KEY_FILE has a NUL byte" })
end)

testing.case("TO-05 CLIENT_ID may be in a file, too", function(t)
	local found = find({}, { CLIENT_ID_FILE = "id" }, { id = "the-id\n" })
	t.same({ found.value.CLIENT_ID, found.from.CLIENT_ID, found.problems }, { "the-id", "id", {} })
end)

testing.case("NAME_FILE is for credentials only", function(t)
	local found = find({}, { WORKERS_FILE = "workers" }, { workers = "100" })
	t.same({ found.value.WORKERS, found.from.WORKERS }, { "512", "default" })
end)

testing.case("the file of a key is known, for it may be rotated there", function(t)
	local key = ("a"):rep(64)
	local found = find({}, { SECRET_KEY_FILE = "ring" }, { ring = key .. "\n" })
	t.same({ found.value.SECRET_KEY, found.key_file }, { "k1:" .. key, "ring" })
	t.equal(from_environment("SECRET_KEY", key).key_file, nil)
	t.equal(find({}, {}, { [".env"] = "SECRET_KEY=" .. key }).key_file, nil)
	t.equal(find().key_file, nil)
end)

testing.case("OP-05 all problems are found at once, each with its setting and place", function(t)
	local found = find(
		{ LOG_LEVEL = "loud" },
		{ WORKERS = "many" },
		{ [".env"] = "LISTEN=x\nnon sense\nCLIENT_SECRET=very-secret\n" }
	)
	local text = table.concat(found.problems, "\n")
	t.equal(#found.problems, 3)
	for _, part in ipairs { "WORKERS (environment): ", "LISTEN (.env): ", "LOG_LEVEL (flag): " } do
		t.contains(text, part)
	end
	t.contains(found.warnings[1], ".env:2: ")
	t.lacks(text, "very-secret")
end)

testing.case("keys of .env that are not settings are the app's; one that no script names is warned about", function(t)
	local found = find({}, {}, {
		[".env"] = "TRACKING_ID=UA-1\nCLIENT_IDD=typo\nREPORT_CLIENT_ID=a\nREPORT_CLIENT_SECRET=b\nSECRET_KEY_FILE=\n",
		["app/init.lua"] = "env = { TRACKING_ID = '' }",
	})
	t.same(found.app, {
		TRACKING_ID = "UA-1",
		CLIENT_IDD = "typo",
		REPORT_CLIENT_ID = "a",
		REPORT_CLIENT_SECRET = "b",
	})
	t.equal(#found.warnings, 1)
	t.contains(found.warnings[1], "CLIENT_IDD")
end)

testing.case("TO-02 many names of other programs are one warning, and each that may be misspelt is another", function(t)
	local found = find({}, {}, { [".env"] = "DB_HOST=a\nAPP_NAME=b\nCLIENT_SECRTE=c\nMAIL_HOST=d\nREDIS_HOST=e\n" })
	t.same(found.warnings, {
		".env: CLIENT_SECRTE is not a setting, and the app's scripts do not name it: did you mean 'CLIENT_SECRET'?",
		".env: 4 names are not settings, and the app's scripts do not name them: APP_NAME, DB_HOST, MAIL_HOST, …",
	})
end)

testing.case("TO-02 a reference in .env is not replaced, which is told", function(t)
	local found = find(
		{},
		{},
		{ [".env"] = "CLIENT_SECRET=${SEGMENT_SECRET:-x}\nADMIN_PASSWORD=a${b$c\nCLIENT_ID=$ID\n" }
	)
	t.equal(found.value.CLIENT_SECRET, "${SEGMENT_SECRET:-x}")
	t.contains(found.warnings[1], ".env: CLIENT_SECRET has ${SEGMENT_SECRET…}, which is not replaced by a value")
end)

testing.case("for an app's tests only flags and defaults count", function(t)
	local found = values.defaults({ WORKERS = "8" }, LOCATION)
	t.same({ found.value.WORKERS, found.from.WORKERS }, { "8", "flag" })
	t.same({ found.value.LISTEN, found.from.LISTEN }, { "127.0.0.1:8888", "default" })
	t.same({ found.app, found.problems, found.warnings }, { {}, {}, {} })
end)

local KEY = ("0a"):rep(32)
local NOT_PLAIN = { "http://id.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example" }
local NOT_ORIGINS = { "https://user:pass@id.example", "https://id.example/path", "https://id.example/?a", "id.example" }
local LOOPBACK = { "http://127.0.0.1:8889", "http://localhost:8889", "http://[::1]:8889", "http://a.localhost:8889" }

local function join(...)
	local all = {}
	for _, list in ipairs { ... } do
		table.move(list, 1, #list, #all + 1, all)
	end
	return all
end

local BAD = {
	LISTEN = { "8888", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:http", "https://localhost:8888" },
	HEALTH_LISTEN = { "8890", "127.0.0.1:99999" },
	SANDBOX_LISTEN = { "8889", "127.0.0.1:99999" },
	SANDBOX_STRICT = { "maybe", "2" },
	SANDBOX_AUTO_CONSENT = { "10" },
	SANDBOX_NO_RATE_LIMIT = { "-1" },
	PUBLIC_URL = join(NOT_ORIGINS, { "http://localhost:8888/app", "ftp://id.example", "http://" }),
	SEGMENT_ID_URL = join(NOT_PLAIN, NOT_ORIGINS, { "ftp://id.example" }),
	SEGMENT_API_URL = join(NOT_PLAIN, NOT_ORIGINS, { "ftp://id.example" }),
	DATABASE_URL = { "postgres://localhost/x", "sqlite:", "data.db" },
	SECRET_KEY = { "abc", KEY .. "0", KEY .. ",", "k1:" .. KEY .. ",abc", "K1:" .. KEY, ("k"):rep(17) .. ":" .. KEY },
	TRUSTED_PROXIES = {
		"proxy.example",
		"10.0.0.0/x",
		"10.0.0.1 proxy",
		"10.0.0.0/33",
		"::/129",
		"1.2.3",
		"1.2.3.256",
		"10.0.0.0/8, ::1::",
	},
	HTTP_ALLOW = { "http://a.example http://b.example/path", "a.example" },
	OUTBOUND_PROXY = {
		"socks5://proxy.example",
		"http://",
		"http://proxy.example/path",
		"http://a b@proxy.example",
		"http://a:b%x@c",
	},
	HTTPS_PROXY = { "proxy.example:port", "http://a@b@proxy.example" },
	HTTP_PROXY = { "ftp://proxy.example", "http://proxy.example?a" },
	NO_PROXY = { "10.0.0.0/33", "10.0.0/8", "a.example,b.example/8" },
	WORKERS = { "many", "7", "4097", "8.5", "-8" },
	CALLS_PER_SECOND = { "many", "-1", "1000001", "0.5" },
	SCRIPT_MEMORY = { "much", "15M", "1024", "-1G", "1X", "G", "1e9", "1 2M", "5000000T" },
	TRAFFIC = { "maybe", "2" },
	TRAFFIC_MB = { "0", "100001", "much", "0.5" },
	TRAFFIC_DAYS = { "0", "3651", "a week", "0.5" },
	LOG_LEVEL = { "loud", "3" },
}

local GOOD = {
	LISTEN = { "127.0.0.1:8888", "localhost:0", ":8888", "0.0.0.0:65535" },
	SANDBOX_STRICT = { "0", "1" },
	PUBLIC_URL = join(
		LOOPBACK,
		{ "http://app.example.com", "https://app.example.com", "https://app.example.com:8443" }
	),
	SEGMENT_ID_URL = join(LOOPBACK, { "https://id.example" }),
	SEGMENT_API_URL = join(LOOPBACK, { "https://api.example" }),
	DATABASE_URL = { "sqlite::memory:", "sqlite:data.db", "sqlite:/var/lib/app.db" },
	SECRET_KEY = { "k1:" .. KEY, ("k2:%s,k1:%s"):format(KEY, KEY) },
	TRUSTED_PROXIES = { "10.0.0.1", "10.0.0.0/8, ::1 fd00::/8" },
	HTTP_ALLOW = { "http://a.example http://127.0.0.1:9000" },
	OUTBOUND_PROXY = { "http://proxy.example:3128", "https://user:pass%20word@[fd00::1]:443" },
	NO_PROXY = { "*", "a.example,.b.example,10.0.0.0/8,fd00::/8,[::1]" },
	WORKERS = { "8", "4096" },
	CALLS_PER_SECOND = { "0", "1", "1000000" },
	SCRIPT_MEMORY = { "16M", "512M", "1G", "1536M", "16777217" },
	TRAFFIC = { "on", "off" },
	TRAFFIC_MB = { "1", "256", "100000" },
	TRAFFIC_DAYS = { "1", "7", "3650" },
	LOG_LEVEL = { "debug", "info", "warn", "error", "off" },
}

testing.case("OA-23 each setting refuses what makes no sense, and says so", function(t)
	for name, list in pairs(BAD) do
		for _, value in ipairs(list) do
			local problems = from_environment(name, value).problems
			t.equal(#problems, 1, name .. "=" .. value)
			t.match(problems[1], "^" .. name .. " %(environment%): .+")
		end
	end
end)

testing.case("OA-23 each setting takes what it should, unchanged", function(t)
	for name, list in pairs(GOOD) do
		for _, value in ipairs(list) do
			local found = from_environment(name, value)
			t.same({ found.problems, found.value[name] }, { {}, value }, name .. "=" .. value)
		end
	end
end)

testing.case("values are brought into one form", function(t)
	for _, case in ipairs {
		{ "PUBLIC_URL", "HTTPS://App.Example.com/", "https://app.example.com" },
		{ "HTTP_ALLOW", "http://a.example/,http://b.example", "http://a.example http://b.example" },
		{ "OUTBOUND_PROXY", "HTTP://Proxy.Example/", "http://proxy.example:80" },
		{ "HTTPS_PROXY", "u:p@proxy.example", "http://u:p@proxy.example:80" },
		{ "HTTP_PROXY", "https://proxy.example", "https://proxy.example:443" },
		{ "NO_PROXY", " A.example, *.b.example ", "a.example,.b.example" },
		{ "WORKERS", "0x10", "16" },
		{ "SCRIPT_MEMORY", "512 mb", "512M" },
		{ "SCRIPT_MEMORY", "1.5GiB", "1536M" },
		{ "SCRIPT_MEMORY", "1073741824", "1G" },
		{ "SECRET_KEY", KEY, "k1:" .. KEY },
	} do
		t.equal(from_environment(case[1], case[2]).value[case[1]], case[3])
	end
end)

testing.case("TO-11 the usual variables are the defaults of proxies and certificates", function(t)
	local found = find({}, { https_proxy = "proxy.example:1", no_proxy = "a.example", SSL_CERT_FILE = "none.pem" })
	t.same({ found.value.HTTPS_PROXY, found.from.HTTPS_PROXY }, { "http://proxy.example:1", "https_proxy" })
	t.same({ found.value.NO_PROXY, found.from.NO_PROXY }, { "a.example", "no_proxy" })
	t.same({ found.value.HTTP_PROXY or false, found.from.HTTP_PROXY }, { false, "unset" })
	t.same(
		{ found.from.CA_FILE, found.problems },
		{ "SSL_CERT_FILE", {
			"CA_FILE (SSL_CERT_FILE): No such file or directory",
		} }
	)
	local both = find({}, { https_proxy = "proxy.example:1", HTTPS_PROXY = "proxy.example:2", SSL_CERT_FILE = "" })
	t.same({ both.value.HTTPS_PROXY, both.from.HTTPS_PROXY }, { "http://proxy.example:2", "environment" })
	t.same({ both.value.CA_FILE or false, both.problems }, { false, {} })
end)

testing.case("of CA_FILE, the system's own file must be there, and is not read as certificates", function(t)
	local system = "/etc/ssl/certs/ca-certificates.crt"
	local contents = { [system] = "no certificate", ["own.pem"] = "no certificate" }
	t.equal(find({}, { SSL_CERT_FILE = system }, contents).value.CA_FILE, system)
	t.same(find({}, { SSL_CERT_FILE = system }).problems, { "CA_FILE (SSL_CERT_FILE): No such file or directory" })
	t.same(
		find({}, { CA_FILE = "own.pem" }, contents).problems,
		{ "CA_FILE (environment): own.pem: it contains no certificate" }
	)
end)

testing.case("LG-01 the password of a proxy is not shown", function(t)
	local shown = settings.by_name("OUTBOUND_PROXY").shown
	for url, wanted in pairs {
		["http://proxy.example:80"] = "http://proxy.example:80",
		["http://user@proxy.example:80"] = "http://user@proxy.example:80",
		["http://user:word@proxy.example:80"] = "http://user:***@proxy.example:80",
		["http://user:wo/rd@proxy.example"] = "http://user:***@proxy.example",
		["user:word@proxy.example"] = "user:***@proxy.example",
	} do
		t.equal(shown(url), wanted)
	end
end)

testing.case("every default passes its own check", function(t)
	local found = find()
	t.same(found.problems, {})
	for _, setting in ipairs(settings.all) do
		local value = found.value[setting.name]
		if value and value ~= "" and setting.check then
			t.equal(setting.check(value), value, setting.name)
		end
		t.truthy(#setting.help > 5, setting.name)
	end
end)

testing.case("a setting is found by its name and by its flag", function(t)
	t.equal(settings.by_name("PUBLIC_URL"), settings.by_flag("public-url"))
	t.equal(settings.by_flag("segment-api-url").name, "SEGMENT_API_URL")
	t.falsy(settings.by_flag("public_url") or settings.by_flag("PUBLIC_URL") or settings.by_name("NOTHING"))
end)

testing.case("scripts are told only the settings that are for them", function(t)
	local value = find({}, { ACCESS_TOKEN = "t", SECRET_KEY = KEY, CLIENT_ID = "c", ADMIN_PASSWORD = "p" }).value
	local app, sandbox, setup =
		settings.told("app", value), settings.told("sandbox", value), settings.told("setup", value)
	t.same({ app.CLIENT_ID, app.ADMIN_PASSWORD, app.PUBLIC_URL }, { "c", "p", "http://localhost:8888" })
	t.same(sandbox, { SANDBOX_AUTO_CONSENT = "0", SANDBOX_STRICT = "0", SANDBOX_NO_RATE_LIMIT = "0" })
	t.same(setup, { ACCESS_TOKEN = "t" })
	for _, told in ipairs { app, sandbox } do
		t.falsy(told.SECRET_KEY or told.ACCESS_TOKEN or told.DATABASE_URL or told.SEGMENT_PASSWORD)
	end
end)

-- Rules between settings. The key is set in all of them, so that no key file is made.

local function for_server(variables)
	variables.SECRET_KEY = KEY
	local found = find({}, variables)
	rules.for_server(found)
	return found
end

testing.case("development is a PUBLIC_URL on this machine", function(t)
	for _, url in ipairs(LOOPBACK) do
		local found = for_server { PUBLIC_URL = url }
		t.same({ found.development, found.problems }, { true, {} }, url)
	end
	local found = for_server { PUBLIC_URL = "https://app.example.com" }
	t.same({ found.development, found.problems }, { false, {} })
end)

testing.case("production over plain http is refused", function(t)
	local problems = for_server({ PUBLIC_URL = "http://app.example.com" }).problems
	t.same(problems, { "PUBLIC_URL: must be https unless it is this machine" })
end)

testing.case("HT-02 a server that other machines reach has a dashboard with a password only, and says so", function(t)
	local function warning(environment)
		local found = for_server(environment)
		t.same(found.problems, {})
		return table.concat(found.warnings)
	end
	for _, listen in ipairs { "0.0.0.0:8888", ":8888", "10.0.0.1:8888", "host.example:8888" } do
		t.contains(warning { LISTEN = listen }, "there is no /dashboard")
		t.equal(warning { LISTEN = listen, ADMIN_PASSWORD = "p" }, "", listen)
	end
	t.contains(warning { PUBLIC_URL = "https://app.example.com", SECRET_KEY = ("k"):rep(43) .. "=" }, "no /dashboard")
	for _, listen in ipairs { "127.0.0.1:80", "127.8.0.1:80", "localhost:80" } do
		t.equal(warning { LISTEN = listen }, "", listen)
	end
end)

testing.case("OP-07 a sandbox for other machines is warned of, and refused in production", function(t)
	for listen, count in pairs { ["0.0.0.0:8889"] = 1, [":0"] = 1, ["127.0.0.1:0"] = 0, ["localhost:8889"] = 0 } do
		local found = from_environment("SANDBOX_LISTEN", listen)
		rules.for_sandbox(found)
		t.same({ #found.problems, #found.warnings }, { 0, count }, listen)
		found = find({}, { SANDBOX_LISTEN = listen, PUBLIC_URL = "https://app.example.com" })
		rules.for_sandbox(found)
		t.same({ #found.problems, #found.warnings }, { count, 0 }, listen)
	end
end)

testing.case("OP-07 a sandbox on all addresses is reached at 127.0.0.1", function(t)
	for listen, url in pairs {
		["0.0.0.0:8889"] = "http://127.0.0.1:8889",
		[":8889"] = "http://127.0.0.1:8889",
		["10.0.0.1:8889"] = "http://10.0.0.1:8889",
		["localhost:8889"] = "http://localhost:8889",
	} do
		t.equal(rules.use_sandbox(from_environment("SANDBOX_LISTEN", listen)), url)
	end
end)

testing.case("OA-23 OP-07 plain http to Segment is for a sandbox: here, or in a container in development", function(t)
	for _, url in ipairs {
		"http://sandbox:8889",
		"http://host.docker.internal:8889",
		"http://s.default.svc.cluster.local",
	} do
		t.same(for_server({ SEGMENT_ID_URL = url }).problems, {}, url)
		local public = { SEGMENT_ID_URL = url, PUBLIC_URL = "https://app.example.com", SECRET_KEY = ("ab"):rep(32) }
		t.same(
			for_server(public).problems,
			{ "SEGMENT_ID_URL: must be https, for PUBLIC_URL is not this machine" },
			url
		)
	end
	for _, url in ipairs {
		"http://id.segmentapis.com",
		"http://134744072",
		"http://0x08080808",
		"http://10.0.0.1",
		"http://internal.example.com",
	} do
		t.equal(#from_environment("SEGMENT_ID_URL", url).problems, 1, url)
	end
end)

testing.case("PUBLIC_URL follows the port of LISTEN, unless it is set", function(t)
	for _, case in ipairs {
		{ { LISTEN = "127.0.0.1:9000" }, "http://localhost:9000", "LISTEN" },
		{ { LISTEN = "127.0.0.1:0" }, "http://localhost:8888", "default" },
		{ { LISTEN = "127.0.0.1:9000", PUBLIC_URL = "http://localhost:9001" }, "http://localhost:9001", "environment" },
		{ {}, "http://localhost:8888", "default" },
		{ { LISTEN = "nonsense" }, "http://localhost:8888", "default" },
	} do
		local found = find({}, case[1])
		t.same({ found.value.PUBLIC_URL, found.from.PUBLIC_URL }, { case[2], case[3] })
	end
	t.equal(find({ LISTEN = "127.0.0.1:9000" }).value.PUBLIC_URL, "http://localhost:9000")
end)

testing.case("with the sandbox, what was set for Segment does not count", function(t)
	local found = find({}, {
		CLIENT_ID = "c",
		CLIENT_SECRET = "s",
		SEGMENT_ID_URL = "https://id.example",
		SANDBOX_LISTEN = "127.0.0.1:9001",
	})
	local url = rules.use_sandbox(found)
	t.equal(url, "http://127.0.0.1:9001")
	t.same({ found.value.SEGMENT_ID_URL, found.value.SEGMENT_API_URL }, { url, url })
	t.falsy(found.value.CLIENT_ID or found.value.CLIENT_SECRET)
	t.equal(found.value.SANDBOX_NO_RATE_LIMIT, "1")
end)

local function default_memory(contents)
	local found = find({}, {}, contents)
	return found.value.SCRIPT_MEMORY, found.from.SCRIPT_MEMORY
end

testing.case("SBX-09 SCRIPT_MEMORY is 1G, or half of what the control group may have", function(t)
	t.same({ default_memory {} }, { "1G", "default" })
	for _, case in ipairs {
		-- Version 2: inside a container, in a group, in a group whose parent has the limit, without a limit.
		{ "0::/\n", { ["/memory.max"] = "536870912\n" }, "256M" },
		{ "0::/a/b\n", { ["/a/b/memory.max"] = "268435456\n", ["/memory.max"] = "max\n" }, "128M" },
		{ "0::/a/b\n", { ["/a/b/memory.max"] = "max\n", ["/a/memory.max"] = "268435456\n" }, "128M" },
		{ "0::/a\n", { ["/a/memory.max"] = "max\n" }, "1G" },
		{ "0::/a\n", { ["/a/memory.max"] = "8589934592\n" }, "1G" },
		{ "0::/a\n", { ["/a/memory.max"] = "1048576\n" }, "16M" }, -- not less than a server can start with
		-- Version 1: in a group; inside a container, where the path is the host's; "no limit" is a number.
		{ "9:cpu:/x\n4:memory:/a\n0::/\n", { ["/memory/a/memory.limit_in_bytes"] = "268435456\n" }, "128M" },
		{ "4:memory:/docker/f00\n", { ["/memory/memory.limit_in_bytes"] = "268435456\n" }, "128M" },
		{ "4:memory:/a\n", { ["/memory/a/memory.limit_in_bytes"] = "9223372036854771712\n" }, "1G" },
	} do
		local contents = { ["/proc/self/cgroup"] = case[1] }
		for path, text in pairs(case[2]) do
			contents["/sys/fs/cgroup" .. path] = text
		end
		t.equal((default_memory(contents)), case[3], case[1])
	end
end)
