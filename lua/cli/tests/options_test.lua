-- What options.parse reads, and what it refuses.
local options = require "cli.options"
local testing = require "partnerapp.testing"

local COMMAND = {
	arguments = { most = 2 },
	settings = true,
	flags = {
		destination = { value = "SLUG", help = "" },
		["no-reload"] = { help = "" },
		listen = { value = "WHERE", help = "" },
	},
}

local function parse(...)
	return options.parse(COMMAND, { ... }, 1)
end

testing.case("arguments that are not flags are a list, in order", function(t)
	local given = parse("a", "b")
	t.same({ given[1], given[2], #given }, { "a", "b", 2 })
	t.same({ given.flags, given.settings, given.help or false }, { {}, {}, false })
	t.equal(parse("-")[1], "-")
	t.equal(parse("")[1], "")
end)

testing.case("parsing begins at the given place", function(t)
	local given = options.parse(COMMAND, { "setup", "app", "./mine" }, 3)
	t.same({ #given, given[1] }, { 1, "./mine" })
end)

testing.case("a flag's value is the next argument, or follows an equals sign", function(t)
	t.equal(parse("--destination", "mixpanel").flags.destination, "mixpanel")
	t.equal(parse("--destination=mixpanel").flags.destination, "mixpanel")
	t.equal(parse("--destination=a=b c").flags.destination, "a=b c")
	t.equal(parse("--destination=").flags.destination, "")
	t.equal(parse("--destination", "").flags.destination, "")
	t.equal(parse("--destination", "--no-reload").flags.destination, "--no-reload")
	t.equal(parse("--destination=a", "--destination=b").flags.destination, "b")
end)

testing.case("a switch is true, also between arguments", function(t)
	local given = parse("a", "--no-reload", "b")
	t.equal(given.flags["no-reload"], true)
	t.same({ given[1], given[2] }, { "a", "b" })
end)

testing.case("a setting's flag sets it under the setting's name", function(t)
	local given = parse("--public-url", "http://localhost:9000", "--workers=8")
	t.same(given.settings, { PUBLIC_URL = "http://localhost:9000", WORKERS = "8" })
	t.same(given.flags, {})
end)

testing.case("a command's own flag goes before a setting's of the same name", function(t)
	local given = parse("--listen", "here")
	t.equal(given.flags.listen, "here")
	t.equal(given.settings.LISTEN, nil)
end)

testing.case("--help and -h are found anywhere", function(t)
	t.equal(parse("--help").help, true)
	t.equal(parse("a", "--no-reload", "-h").help, true)
end)

testing.case("an unknown flag is refused by its name", function(t)
	for _, argument in ipairs { "--nothing", "--nothing=1" } do
		local given, message = parse(argument)
		t.equal(given, nil)
		t.equal(message, ("unknown option '%s'"):format(argument:match "^[^=]+"))
	end
	for argument, meant in pairs {
		["--Public-Url"] = "--public-url",
		["--no-relaod"] = "--no-reload",
		["--no_reload"] = "--no-reload",
	} do
		t.equal(select(2, parse(argument)), ("unknown option '%s': did you mean '%s'?"):format(argument, meant))
	end
	for _, argument in ipairs { "-x", "-1", "--", "--a.b" } do
		t.equal(select(2, parse(argument)), ("unknown option '%s'"):format(argument))
	end
end)

testing.case("a command that takes no settings refuses their flags", function(t)
	t.equal(select(2, options.parse({}, { "--workers", "8" }, 1)), "unknown option '--workers'")
	t.equal(select(2, options.parse({}, { "--client-secret", "x" }, 1)), "unknown option '--client-secret'")
end)

testing.case("a secret is not taken as a flag, and its value is not repeated", function(t)
	for _, case in ipairs {
		{ "client-secret", "CLIENT_SECRET" },
		{ "secret-key", "SECRET_KEY" },
		{ "admin-password", "ADMIN_PASSWORD" },
		{ "webhook-secret", "WEBHOOK_SECRET" },
		{ "segment-password", "SEGMENT_PASSWORD" },
		{ "access-token", "ACCESS_TOKEN" },
	} do
		for _, arguments in ipairs {
			{ "--" .. case[1], "the-value" },
			{ ("--%s=the-value"):format(case[1]) },
		} do
			local given, message = options.parse(COMMAND, arguments, 1)
			t.equal(given, nil)
			t.contains(message, ("set %s or %s_FILE in the environment"):format(case[2], case[2]))
			t.lacks(message, "the-value")
		end
	end
end)

testing.case("a missing value, a value for a switch and too many arguments are refused", function(t)
	t.equal(select(2, parse "--destination"), "--destination needs a value")
	t.equal(select(2, parse "--workers"), "--workers needs a value")
	t.equal(select(2, parse "--no-reload=yes"), "--no-reload takes no value")
	t.equal(select(2, parse("a", "b", "c", "d")), "unexpected argument 'c'")
	t.equal(select(2, options.parse({}, { "a" }, 1)), "unexpected argument 'a'")
end)
