// Settings of the app's own: required ones that are missing, names that they cannot have, and where they are shown.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folder, request, run, start, withApp } from "./harness.mjs";
import { mistakes } from "./mistakes.mjs";

/** An app with these settings, the first of which is in line 5. */
const app = (settings, more = "") => `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {
	env = {
${settings}
	},
}
app:get("/", function() return reply.json(app.env) end)
${more}
return app
`;

const TWO = `		ACME_KEY = partnerapp.required "the key of Acme's API",
		ACME_URL = partnerapp.required "the address of Acme's API", PLAN = "free",`;

/** A wrong setting in line 5: the page and check say so, with the app's line. */
const wrong = (what, setting, said) => ({
	what,
	files: { "init.lua": app(`\t\t${setting}`) },
	page: new RegExp(`init\\.lua:\\d: ${said}`),
	check: new RegExp(`^init\\.lua:\\d: ${said}`, "m"),
});

const serverSetting = (name) => wrong(`${name} of the server`, `${name} = "x"`, `env: '${name}' is a setting of the server, which an app cannot read; choose another name`);

mistakes("settings of the app", [
	...["SECRET_KEY", "CLIENT_SECRET", "ADMIN_PASSWORD", "WEBHOOK_SECRET", "CLIENT_ID", "DATABASE_URL", "ACCESS_TOKEN", "SECRET_KEY_FILE"].map(serverSetting),
	wrong("a required setting of the server", 'SECRET_KEY = partnerapp.required "x"', "env: 'SECRET_KEY' is a setting of the server"),
	wrong("two settings of the server", 'LISTEN = "x", CLIENT_ID = "y", PLAN = "z"', "env: 'CLIENT_ID' is a setting of the server[^]*env: 'LISTEN' is a setting of the server"),
	wrong("a name with a space", '["ACME KEY"] = ""', "env: 'ACME KEY' cannot be the name of a setting"),
	wrong("a name without a value", '"ACME_KEY"', "env: '1' cannot be the name of a setting"),
	wrong("required without a text", "ACME_KEY = partnerapp.required", "env: ACME_KEY: a default is a string; a setting without one is partnerapp\\.required \"what it is for\""),
	wrong("required with no text", "ACME_KEY = partnerapp.required()", "partnerapp\\.required needs a text that says what the setting is for"),
	wrong("required with a table", "ACME_KEY = partnerapp.required {}", "partnerapp\\.required needs a text"),
	wrong("required misspelt", 'ACME_KEY = partnerapp.requierd "x"', "partnerapp has no 'requierd': did you mean 'required'\\?"),
	{
		what: "a misspelt setting in a handler",
		files: { "init.lua": app('\t\tACME_KEY = "x"', 'app:get("/x", function() return reply.text(app.env.ACME_KYE) end)') },
		ask: "/x",
		page: /init\.lua:9: app\.env has no 'ACME_KYE': did you mean 'ACME_KEY'\?/,
		check: /^init\.lua:9: app\.env has no 'ACME_KYE': did you mean 'ACME_KEY'\?/m,
	},
]);

/** Runs a command in a folder with an app in it. */
async function inApp(files, words, env = {}) {
	const place = folder();
	try {
		for (const [name, text] of Object.entries(files)) {
			const file = path.join(place.name, name);
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, text, { mode: 0o600 });
		}
		return await run(words, { cwd: place.name, env });
	} finally {
		place.remove();
	}
}

const MISSING = /init\.lua:5: ACME_KEY is required and not set: the key of Acme's API; put it into \.env or the environment\n.*init\.lua:6: ACME_URL is required and not set: the address of Acme's API/;
const CLIENT = { CLIENT_ID: "id", CLIENT_SECRET: "secret-of-the-client" };

const COMMANDS = [
	["serve", ["serve", "--listen", "127.0.0.1:0"]],
	["demo", ["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"]],
	["run", ["run", "x", "installs/7"]],
	["check", ["check"]],
];
for (const [what, words] of COMMANDS) {
	test(`OP-05 ${what}: all required settings that are missing are told at once, with exit code 2`, async () => {
		const { code, err } = await inApp({ "init.lua": app(TWO) }, words, CLIENT);
		assert.match(err, MISSING);
		assert.equal(code, 2, err);
	});
}

test("OP-05 the client and what the app requires are told together", async () => {
	const { code, err } = await inApp({ "init.lua": app(TWO) }, ["serve", "--listen", "127.0.0.1:0"]);
	assert.match(err, /CLIENT_ID is not set[^]*CLIENT_SECRET is not set/);
	assert.match(err, MISSING);
	assert.equal(code, 2);
	const set = await inApp({ "init.lua": app(TWO) }, ["serve", "--listen", "127.0.0.1:0"], { ACME_KEY: "k", ACME_URL: "u" });
	assert.match(set.err, /CLIENT_ID is not set/);
	assert.doesNotMatch(set.err, /ACME/);
	assert.equal(set.code, 2);
});

test("the settings that two apps require are told together", async () => {
	const more = `local other = partnerapp.new { env = { OTHER_KEY = partnerapp.required "another" } }
app:mount("/other", other)`;
	const { code, err } = await inApp({ "init.lua": app(TWO, more) }, ["serve", "--listen", "127.0.0.1:0"], CLIENT);
	assert.match(err, MISSING);
	assert.match(err, /init\.lua:10: OTHER_KEY is required and not set: another/);
	assert.equal(code, 2);
});

test("an app that uses an unset setting while it is loaded is told the setting, not what came of it", async () => {
	const more = "local first = app.env.ACME_KEY:match('^k') .. 'x'";
	const { code, err } = await inApp({ "init.lua": app(TWO, more) }, ["serve", "--listen", "127.0.0.1:0"], CLIENT);
	assert.match(err, MISSING);
	assert.doesNotMatch(err, /attempt to/);
	assert.equal(code, 2);
});

test("an empty value is not set", async () => {
	const { code, err } = await inApp({ "init.lua": app(TWO), ".env": "ACME_KEY=\n" }, ["check"], { ACME_URL: "x" });
	assert.match(err, /init\.lua:5: ACME_KEY is required/);
	assert.doesNotMatch(err, /ACME_URL/);
	assert.equal(code, 2);
});

test("a wrong app and a missing setting: check tells both, and exit code 1", async () => {
	const { code, err } = await inApp({ "init.lua": app(TWO, "local x = nmae") }, ["check"]);
	assert.match(err, MISSING);
	assert.match(err, /init\.lua:10: undeclared variable 'nmae'/);
	assert.equal(code, 1);
});

test("what is set in .env and in the environment reaches the app", async () => {
	await withApp(app(TWO), { env: { ACME_KEY: "k", ACME_URL: "u" } }, async ({ url }) => {
		assert.deepEqual((await request(url)).json(), { ACME_KEY: "k", ACME_URL: "u", PLAN: "free" });
	});
	const { code } = await inApp({ "init.lua": app(TWO), ".env": "ACME_KEY=k\nACME_URL=u\n" }, ["check"]);
	assert.equal(code, 0);
});

test("commands that only look at an app, and its tests, need no setting", async () => {
	const files = {
		"init.lua": app(TWO),
		"tests/app_test.lua": `local testing = require "partnerapp.testing"
testing.case("a stand-in", function(t)
	t.equal(testing.client():get("/"):json().ACME_KEY, "test-ACME_KEY")
	testing.settings { ACME_KEY = "given" }
	t.equal(testing.client():get("/"):json().ACME_KEY, "given")
end)
`,
	};
	assert.equal((await inApp(files, ["routes"])).code, 0);
	const tested = await inApp(files, ["test"], { ACME_KEY: "of the machine" });
	assert.equal(tested.code, 0, tested.out + tested.err);
});

const row = (...parts) => new RegExp(`^${parts.join(" +")}`, "m");

test("config shows the app's own settings, where they come from, and no secret", async () => {
	const files = {
		"init.lua": app(`${TWO}\n\t\tOWN_TOKEN = "of-the-script", SEEN = "",`),
		".env": "ACME_URL=https://acme.example/secret-key-of-acme\n",
	};
	const { code, out, err } = await inApp(files, ["config"], { ACME_KEY: "secret-key-of-acme" });
	assert.match(out, row("ACME_KEY", "\\*\\*\\*", "environment", "the key of Acme's API \\(required at init\\.lua:5\\)"));
	assert.match(out, row("ACME_URL", "https://acme\\.example/\\*\\*\\*", "\\.env", "the address of Acme's API"));
	assert.match(out, row("PLAN", "free", "default", "of the app \\(init\\.lua:3\\)"));
	assert.match(out, row("OWN_TOKEN", "\\*\\*\\*", "default"));
	assert.match(out, row("SEEN", "-", "default"));
	assert.doesNotMatch(out + err, /secret-key-of-acme|of-the-script/);
	assert.equal(code, 0);
});

test("config names the .env of an app elsewhere, and shows what is unset", async () => {
	const { code, out } = await inApp({ "my/init.lua": app(TWO), "my/.env": "PLAN=pro\n" }, ["config", "my"]);
	assert.match(out, row("ACME_KEY", "-", "unset", "the key of Acme's API"));
	assert.match(out, row("PLAN", "pro", "my/\\.env"));
	assert.equal(code, 0);
});

test("config of an app that does not load says so, after the server's settings", async () => {
	const { code, out, err } = await inApp({ "init.lua": "local x = = 1" }, ["config"]);
	assert.match(out, row("LOG_LEVEL"));
	assert.match(err, /the app does not load, so settings of its own may be missing here: init\.lua:1: /);
	assert.equal(code, 0);
});

/** What a command says in a folder whose .env has another program's database. */
const beside = (words) => inApp({
	".env": "DATABASE_URL=postgres://me:hidden@db/shop?schema=public\nCLIENT_ID=id\nCLIENT_SECRET=secret\n",
	"init.lua": 'return require("partnerapp").new {}\n',
}, words);
const WARNED = /warning: \.env: DATABASE_URL is not read: it must be sqlite:PATH/;

for (const words of [["check"], ["routes"], ["config"]])
	test(`TO-02 another program's DATABASE_URL in .env: ${words[0]} warns and works`, async () => {
		const { code, out, err } = await beside(words);
		assert.equal(code, 0, err);
		assert.match(err, WARNED);
		assert.ok(!`${out}${err}`.includes("hidden"));
	});

for (const words of [["serve", "--listen", "127.0.0.1:0"], ["installs"], ["keys", "rotate"], ["run", "x", "installs/7"]])
	test(`TO-02 another program's DATABASE_URL in .env: ${words[0]} keeps no installs elsewhere`, async () => {
		const { code, err } = await beside(words);
		assert.equal(code, 2, err);
		assert.match(err, WARNED);
		assert.match(err, /DATABASE_URL \(\.env\): write sqlite:PATH there; when other programs need that line, set DATABASE_URL in/);
	});

test("LG-01 config does not show the password in DATABASE_URL", async () => {
	const { out, err } = await inApp({}, ["config"], { DATABASE_URL: "mysql://me:hidden@db/shop" });
	assert.match(out, /^DATABASE_URL +mysql:\/\/me:\*\*\*@db\/shop/m);
	assert.ok(!`${out}${err}`.includes("hidden"));
});

for (const [what, app, env, warns] of [
	["a link to the present release", "current", {}, true],
	["the same by its absolute path", "/current/", {}, true],
	["the same with a database elsewhere", "current", { DATABASE_URL: "sqlite:kept.db" }, false],
	["a folder", "releases/1", {}, false],
])
	test(`TO-08 serve ${warns ? "warns" : "does not warn"} that installs stay behind: ${what}`, async (t) => {
		const place = folder();
		t.after(place.remove);
		mkdirSync(path.join(place.name, "releases/1"), { recursive: true });
		writeFileSync(path.join(place.name, "releases/1/init.lua"), 'return require("partnerapp").new {}\n');
		symlinkSync("releases/1", path.join(place.name, "current"));
		const words = ["serve", app.startsWith("/") ? place.name + app : app, "--listen", "127.0.0.1:0"];
		const server = await start(words, { cwd: place.name, env: { ...CLIENT, ...env } });
		await server.stop();
		assert.equal(/current\/\.partnerapp\/ keeps the installs, in the folder that the link .*current leads to now/.test(server.err), warns, server.err);
	});
