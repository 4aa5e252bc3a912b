// The command line: what it prints, what it refuses, with which exit code.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { binary, exists, folder, run, top, writeApp } from "./harness.mjs";

let place;
beforeEach(() => (place = folder()));
afterEach(() => place.remove());
const command = (args, env) => run(args, { cwd: place.name, env });
const write = (name, text) => {
	mkdirSync(path.dirname(path.join(place.name, name)), { recursive: true });
	writeFileSync(path.join(place.name, name), text);
};

// It takes the five seconds of CPU that a command has: meanwhile the other cases run.
const endless = (async () => {
	const other = folder();
	writeApp(other, "while true do end");
	const answer = await run(["check"], { cwd: other.name });
	other.remove();
	return answer;
})();

test("help and version", async () => {
	const help = await command(["--help"]);
	assert.equal(help.code, 0);
	for (const name of ["demo", "serve", "sandbox", "check", "routes", "installs", "run", "keys", "setup", "test", "config"]) {
		assert.match(help.out, new RegExp(`^  ${name} `, "m"));
		const own = await command([name, "--help"]);
		assert.equal(own.code, 0);
		assert.match(own.out, /Usage: partnerapp .*\n[^]*Examples:/);
	}
	assert.match((await command(["--version"])).out, /^partnerapp \d+\.\d+\.\d+\n$/);
});

for (const [name, args, env] of [
	["no command", []],
	["an unknown command", ["nothing"]],
	["an unknown option", ["demo", "--nothing"]],
	["an option without its value", ["demo", "--destination"]],
	["a value for a switch", ["installs", "--json=yes"]],
	["too many arguments", ["demo", "a", "b"]],
	["LG-01 a secret on the command line", ["serve", "--client-secret", "x"]],
	["an app that does not exist", ["check", "nowhere"]],
	["a destination that does not exist", ["demo", "--destination", "nothing"]],
	["serve without CLIENT_ID", ["serve"]],
	["a bad WORKERS", ["config"], { WORKERS: "many" }],
	["a bad LISTEN", ["config"], { LISTEN: "8888" }],
	["a PUBLIC_URL with a path", ["config"], { PUBLIC_URL: "http://localhost:8888/app" }],
	["PostgreSQL", ["config"], { DATABASE_URL: "postgres://localhost/x" }],
	["OA-23 a plain http SEGMENT_ID_URL elsewhere", ["config"], { SEGMENT_ID_URL: "http://id.segmentapis.com" }],
	["OP-07 a sandbox for other machines in production", ["sandbox", "--sandbox-listen", "0.0.0.0:8889"], { PUBLIC_URL: "https://app.example.com" }],
	["OP-07 a demo's sandbox for other machines in production", ["demo", "--sandbox-listen", "0.0.0.0:0"], { PUBLIC_URL: "https://app.example.com" }],
	["a switch that is neither on nor off", ["config"], { SANDBOX_STRICT: "maybe" }],
	["ST-02 production without a key", ["serve"], { CLIENT_ID: "a", CLIENT_SECRET: "b", PUBLIC_URL: "https://app.example.com" }],
	["ST-02 a short key", ["serve"], { CLIENT_ID: "a", CLIENT_SECRET: "b", SECRET_KEY: "abc" }],
	["production over plain http", ["serve"], { CLIENT_ID: "a", CLIENT_SECRET: "b", PUBLIC_URL: "http://app.example.com", SECRET_KEY: "0".repeat(64) }],
]) {
	test(`${name} is exit code 2 with a message`, async () => {
		const { code, err } = await command(args, env);
		assert.equal(code, 2, err);
		assert.ok(err.length > 10);
	});
}

test("output that is lost is exit code 1, but not that of a pipe whose reader has enough", async () => {
	const { code, err } = await run(["-c", '"$0" help > /dev/full', binary], { program: "sh" });
	assert.equal(code, 1, err);
	assert.match(err, /^partnerapp: standard output did not take all of it/);
	const cut = await run(["-c", '{ "$0" help; echo "code $?" >&2; } | true', binary], { program: "sh" });
	assert.equal(cut.err, "code 0\n");
});

test("serve without CLIENT_ID says that demo needs none", async () => {
	assert.match((await command(["serve"])).err, /CLIENT_ID is not set.*demo/);
});

test("PUBLIC_URL follows --listen, and config says so", async () => {
	const { out } = await command(["config", "--listen", "127.0.0.1:9000"]);
	assert.match(out, /^PUBLIC_URL +http:\/\/localhost:9000 +LISTEN +/m);
});

for (const name of ["SEGMENT_ID_URL", "SEGMENT_API_URL"]) {
	test(`OA-23 ${name} is https, but for a sandbox on this machine`, async () => {
		for (const bad of [
			"http://id.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "ftp://id.example",
			"https://user:pass@id.example", "https://id.example/path", "https://id.example/?a", "id.example",
		]) {
			const result = await command(["config"], { [name]: bad });
			assert.equal(result.code, 2, bad);
			assert.match(result.err, new RegExp(name));
		}
		for (const good of ["https://id.example", "http://127.0.0.1:8889", "http://localhost:8889", "http://[::1]:8889"])
			assert.equal((await command(["config"], { [name]: good })).code, 0, good);
	});
}

test("OP-05 all problems are reported at once, unknown keys of .env warned about, secrets masked", async () => {
	write(".env", "WORKERS=many\nLISTEN=x\nCLIENT_SECRET=very-secret-value\nCLIENT_IDD=typo\nnonsense line\n");
	const { code, out, err } = await command(["config"]);
	assert.equal(code, 2);
	for (const part of ["WORKERS", "LISTEN", ".env:5", "CLIENT_IDD"]) assert.ok(err.includes(part), part);
	assert.doesNotMatch(out + err, /very-secret-value/);
});

test("OP-06 a .env that other users can read is warned about", async () => {
	write(".env", "LOG_LEVEL=warn\n");
	chmodSync(path.join(place.name, ".env"), 0o644);
	assert.match((await command(["config"])).err, /chmod 600/);
	chmodSync(path.join(place.name, ".env"), 0o600);
	assert.ok(!(await command(["config"])).err.includes("warning"));
});

test("OP-06 a key file that other users can read is warned about once, and works", async () => {
	write("key", `${"a".repeat(64)}\n`);
	for (const [mode, warned] of [[0o644, true], [0o444, true], [0o640, false], [0o400, false]]) {
		chmodSync(path.join(place.name, "key"), mode);
		const { code, err } = await command(["config"], { SECRET_KEY_FILE: "key" });
		assert.equal(code, 0);
		const warnings = err.split("\n").filter((line) => line.includes("warning"));
		assert.deepEqual(warnings, warned ? ["partnerapp: warning: key can be read by every user of this machine: chmod 600 key"] : []);
	}
});

test("settings come from flag, environment, .env, default, in that order; secrets also from files", async () => {
	write(".env", "WORKERS=100\nLOG_LEVEL=warn\n");
	write("id", "secret-in-a-file\n");
	const { out } = await command(["config", "--workers", "300"], { WORKERS: "200", CLIENT_SECRET_FILE: "id" });
	assert.match(out, /^WORKERS +300 +flag/m);
	assert.match(out, /^LOG_LEVEL +warn +\.env/m);
	assert.match(out, /^CLIENT_SECRET +\*\*\* +id/m);
	assert.match(out, /^LISTEN +127\.0\.0\.1:8888 +default/m);
});

test("the apps that come with the program pass check, the one that is measured too", async () => {
	for (const app of ["lua/app", "tests/bench/app"]) {
		const { code, err } = await command(["check", path.join(top, app)]);
		assert.equal(code, 0, `${app}: ${err}`);
	}
});

test("check finds what is wrong with file and line, in scripts and in views", async () => {
	write("app/init.lua", 'local partnerapp = require "partnerapp"\nreturn partnerapp.new {}\n');
	assert.equal((await command(["check", "app"])).code, 0);
	write("app/broken.lua", "local x = 1\nlocal y = = 2\n");
	write("app/views/home.html", "<p>\n{{ name \n");
	const { code, err } = await command(["check", "app"]);
	assert.equal(code, 1);
	assert.match(err, /broken\.lua:2:/);
	assert.match(err, /views\/home\.html:2:/);
});

for (const [name, script, message] of [
	["an undeclared global", "x = 1", /init\.lua:2:.*local/],
	["an unknown option", "partnerapp.new { colour = 1 }", /colour/],
	["a route twice", 'local a = partnerapp.new {} local f = function() end a:get("/x", f)\na:get("/x", f) return a', /init\.lua:2.*init\.lua:3|init\.lua:3.*init\.lua:2/s],
	["a mount with an unknown option", 'local a = partnerapp.new {}\na:oauth("/a", { scoop = 1 })\nreturn a', /^init\.lua:3: oauth: unknown option 'scoop'/m],
	["a mount twice", 'local a, o = partnerapp.new {}, { scope = "workspace", installed = function() end }\na:oauth("/a", o)\na:oauth("/a", o) return a', /^init\.lua:4: GET \/a is already defined at init\.lua:3/m],
	["a reserved path", 'local a = partnerapp.new {} a:get("/healthz", function() end) return a', /reserved/],
	["native modules", 'require "native.db" return partnerapp.new {}', /an app cannot require/],
	["no app returned", "return 1", /return app/],
]) {
	test(`check refuses an app with ${name}`, async () => {
		write("app/init.lua", `local partnerapp = require "partnerapp"\n${script}`);
		const { code, err } = await command(["check", "app"]);
		assert.equal(code, 1, err);
		assert.match(err, message);
	});
}

test("routes names method, path, file and line", async () => {
	const { code, out } = await command(["routes", path.join(top, "lua/app")]);
	assert.equal(code, 0);
	assert.match(out, /^GET +\/auth\/segment +init\.lua:\d+$/m);
	assert.match(out, /^GET +\/installs\/:id +installs\.lua:\d+$/m);
});

test("routes --json is an array with the method, the path and the place of each route", async () => {
	write("app/init.lua", `local app = require "partnerapp".new {}
app:get("/a b", function() end)
app:post('/say/"hello"/:id', function() end)
return app
`);
	const { code, out } = await command(["routes", "app", "--json"]);
	assert.equal(code, 0);
	assert.deepEqual(JSON.parse(out), [
		{ method: "GET", path: "/a b", where: "init.lua:2" },
		{ method: "POST", path: '/say/"hello"/:id', where: "init.lua:3" },
	]);
	write("app/init.lua", 'return require "partnerapp".new {}');
	assert.equal((await command(["routes", "app", "--json"])).out, "[]\n");
	write("app/init.lua", "return nothing");
	const broken = await command(["routes", "app", "--json"]);
	assert.equal(broken.code, 1);
	assert.equal(broken.out, "");
});

test("LG-01 config --json has every setting, where its value came from, and no secret", async () => {
	write(".env", "WORKERS=100\nCLIENT_SECRET=very-secret-value\n");
	const { code, out, err } = await command(["config", "--json", "--public-url", "http://localhost:9"], {
		OUTBOUND_PROXY: "http://user:very-secret-word@proxy.example:3128",
	});
	assert.equal(code, 0, err);
	const settings = Object.fromEntries(JSON.parse(out).map((setting) => [setting.name, setting]));
	const text = (await command(["config"])).out;
	assert.deepEqual(Object.keys(settings), text.trim().split("\n").map((line) => line.split(" ")[0]));
	assert.deepEqual(settings.WORKERS, { name: "WORKERS", value: "100", from: ".env", secret: false, help: "threads, one per connection" });
	assert.deepEqual([settings.PUBLIC_URL.value, settings.PUBLIC_URL.from], ["http://localhost:9", "flag"]);
	assert.deepEqual([settings.CLIENT_SECRET.value, settings.CLIENT_SECRET.secret], ["***", true]);
	assert.deepEqual([settings.CLIENT_ID.value, settings.CLIENT_ID.from], [null, "unset"]);
	assert.match(settings.OUTBOUND_PROXY.value, /^http:\/\/user:\*\*\*@proxy/);
	assert.doesNotMatch(out + err, /very-secret/);
});

test("OP-05 config --json with a problem is exit code 2, and prints the settings all the same", async () => {
	const { code, out, err } = await command(["config", "--json"], { WORKERS: "many" });
	assert.equal(code, 2);
	assert.match(err, /WORKERS/);
	assert.equal(JSON.parse(out).find((setting) => setting.name === "WORKERS").value, "many");
});

test("installs without a database says so and makes none", async () => {
	const { code, out } = await command(["installs"]);
	assert.equal(code, 0);
	assert.match(out, /No installs yet/);
	assert.equal((await command(["installs", "--json"])).out, "[]\n");
	assert.ok(!exists(path.join(place.name, ".partnerapp")));
});

test("ST-09 a file that is not a database is refused and not touched", async () => {
	write("data.db", "this is not a database, but a diary\n".repeat(100));
	const before = readFileSync(path.join(place.name, "data.db"));
	const env = { CLIENT_ID: "a", CLIENT_SECRET: "b", DATABASE_URL: "sqlite:data.db", LISTEN: "127.0.0.1:0" };
	const { code, err } = await command(["serve", path.join(top, "lua/app")], env);
	assert.equal(code, 1);
	assert.match(err, /data\.db/);
	assert.deepEqual(readFileSync(path.join(place.name, "data.db")), before);
});

test("an app's tests come out the same whatever .env and the environment say", async () => {
	write(".env", "SEGMENT_ID_URL=http://127.0.0.1:8889\nREPORT_CLIENT_ID=a\nREPORT_CLIENT_SECRET=b\nTRACKING_ID=UA-1\n");
	const env = { PUBLIC_URL: "https://app.example.com", WORKSPACE_CLIENT_ID: "a", WORKSPACE_CLIENT_SECRET: "b", WORKERS: "x" };
	const { code, out, err } = await command(["test", path.join(top, "lua/app")], env);
	assert.equal(code, 0, out + err);
	assert.ok(!err.includes("warning"), err);
});

test("a failing test of an app is exit code 1", async () => {
	write("app/init.lua", 'return require("partnerapp").new {}');
	write("app/tests/a_test.lua", 'require("partnerapp.testing").case("no", function(t) t.equal(1, 2) end)');
	const { code, out } = await command(["test", "app"]);
	assert.equal(code, 1);
	assert.match(out, /^not ok 1 - no # \d\.\d{3} s$/m);
	assert.match(out, /0 passed, 1 failed/);
});

test("ST-02 ST-05 the key is made once, for its owner only", async (t) => {
	const taken = net.createServer().listen(0, "127.0.0.1");
	t.after(() => taken.close());
	await once(taken, "listening");
	const env = { CLIENT_ID: "a", CLIENT_SECRET: "b", LISTEN: `127.0.0.1:${taken.address().port}` };
	const serve = () => command(["serve", path.join(top, "lua/app")], env);
	assert.equal((await serve()).code, 1);
	const key = path.join(place.name, ".partnerapp/secret.key");
	assert.equal(statSync(key).mode & 0o777, 0o600);
	const first = readFileSync(key, "utf8");
	assert.equal((await serve()).code, 1);
	assert.equal(readFileSync(key, "utf8"), first);
});

test("check refuses an app with an endless loop at load", async () => {
	const { code, err } = await endless;
	assert.equal(code, 1, err);
	assert.match(err, /budget/);
});
