// Wrong command lines and settings, as people type them: what the command says of each, and its exit code.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { binary, folder, run, unprivileged } from "./harness.mjs";

const KEYS = { CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client" };
const APP = 'return require "partnerapp".new {}\n';

/** Runs a command in a new folder with these files (null is a folder): { code, out, err }. */
async function typed(words, { files = {}, env } = {}) {
	const place = folder();
	try {
		for (const [name, text] of Object.entries(files)) {
			const file = path.join(place.name, name);
			mkdirSync(text === null ? file : path.dirname(file), { recursive: true });
			if (text !== null) writeFileSync(file, text, { mode: 0o600 });
		}
		return await run(words, { cwd: place.name, env });
	} finally {
		place.remove();
	}
}

const TABLES = {
	"flags that other programs have": [
		["--port", ["serve", "--port", "9000"], "serve: unknown option '--port': use --listen 127.0.0.1:PORT"],
		["--port=", ["demo", "--port=9000"], "demo: unknown option '--port': use --listen 127.0.0.1:PORT"],
		["-p", ["serve", "-p", "9000"], "serve: unknown option '-p': use --listen 127.0.0.1:PORT"],
		["--host", ["demo", "--host", "0.0.0.0"], "demo: unknown option '--host': use --listen ADDRESS:PORT"],
		["--verbose", ["check", "--verbose"], "check: unknown option '--verbose': use --log-level debug"],
		["-v", ["config", "-v"], "config: unknown option '-v': use --log-level debug"],
		["an unknown one without advice", ["demo", "--nothing"], "demo: unknown option '--nothing': see partnerapp demo --help"],
		["an unknown letter", ["demo", "-x"], "demo: unknown option '-x': see partnerapp demo --help"],
	],
	"no command": [
		["version", ["version"], "there is no command 'version': did you mean '--version'?"],
		["--versoin", ["--versoin"], "there is no command '--versoin': did you mean '--version'?"],
		["-v", ["-v"], "there is no command '-v': did you mean '--version'?"],
		["--hlep", ["--hlep"], "there is no command '--hlep': did you mean 'help'?"],
	],
	"an app that is not one": [
		["a port in its place", ["demo", "9000"], "there is no folder '9000'; a port is given with --listen 127.0.0.1:9000"],
		["a folder that is not there", ["check", "nowhere"], "there is no folder 'nowhere': APP is the folder of an app's init.lua"],
		["a folder that is not there, for its installs", ["installs", "--app", "nowhere"],
			"there is no folder 'nowhere': APP is the folder of an app's init.lua"],
		["a file", ["check", "init.lua"], "init.lua is a file: APP is the folder of an app's init.lua", { files: { "init.lua": APP } }],
		["TO-10 a script with another ending", ["check", "app"], "app is not an app: its script is named init.lua.txt, and must be named init.lua", { files: { "app/init.lua.txt": APP } }],
		["TO-10 a script in capitals", ["check", "app"], "app is not an app: its script is named Init.lua, and must be named init.lua", { files: { "app/Init.lua": APP } }],
		["TO-10 a folder in the place of the script", ["check", "app"], "app is not an app: its init.lua is not a file but a folder", { files: { "app/init.lua": null } }],
		["a folder without init.lua", ["check", "empty"], "empty is not an app: it has no init.lua", { files: { empty: null } }],
	],
	addresses: [
		["a port alone", ["config", "--listen", "9000"], "LISTEN (flag): must be ADDRESS:PORT: 127.0.0.1:9000 for this machine alone"],
		["a host alone", ["config"], "LISTEN (environment): must be ADDRESS:PORT, for example 127.0.0.1:8888", { env: { LISTEN: "localhost" } }],
		["a port that is too large", ["config", "--listen", ":99999"], "LISTEN (flag): a port is at most 65535"],
		["IPv6", ["config", "--listen", "[::1]:8888"], "LISTEN (flag): must be an IPv4 address and a port, for example 127.0.0.1:8888"],
		["a URL without its scheme", ["config", "--public-url", "localhost:8888"],
			"PUBLIC_URL (flag): a URL must begin with http:// or https://, for example https://app.example.com"],
		["the sandbox's --listen", ["sandbox", "--listen", "127.0.0.1:9000"], "--listen is the address of an app: the sandbox's is --sandbox-listen"],
		["one for the app and the sandbox", ["demo", "--listen", "localhost:9000", "--sandbox-listen", "127.0.0.1:9000"],
			"LISTEN and SANDBOX_LISTEN are one address, 127.0.0.1:9000: give one of them another port"],
		["one for the app and its health", ["serve", "--listen", "127.0.0.1:9000", "--health-listen", ":9000"],
			"LISTEN and HEALTH_LISTEN are one address, :9000: give one of them another port", { env: KEYS }],
		["a demo for others", ["demo", "--public-url", "https://app.example.com"], "PUBLIC_URL: the demo is for this machine only; use serve for others"],
	],
	settings: [
		["a file for DATABASE_URL", ["config", "--database-url", "data.db"],
			"DATABASE_URL (flag): must be sqlite:PATH, for example sqlite:/var/lib/my-app/partnerapp.db"],
		["the state's folder is a file", ["demo"],
			"SECRET_KEY: .partnerapp/secret.key: Not a directory",
			{ files: { ".partnerapp": "" } }],
	],
	"new destination": [
		["a name for a slug", ["new", "destination", "Acme Inc."], "new destination: a slug is small letters, digits, - and ., for example acme-inc"],
		["digits first", ["new", "destination", "1st-Party"], "new destination: a slug is small letters, digits, - and ., for example st-party"],
		["no slug", ["new", "destination"], "new destination: a slug is small letters, digits, - and ., for example acme"],
	],
};

for (const [title, rows] of Object.entries(TABLES)) {
	describe(title, { concurrency: 2 }, () => {
		for (const [what, words, said, options] of rows) {
			test(what, async () => {
				const { code, err } = await typed(words, options);
				assert.ok(err.split("\n").includes(`partnerapp: ${said}`), err);
				assert.equal(code, 2);
			});
		}
	});
}

describe("what of .env cannot be read is a warning, and the rest counts", { concurrency: 2 }, () => {
	for (const [what, said, file, wanted] of [
		["YAML", ".env:1: must be NAME=value: this line is not read", "CLIENT_ID:client\nSEGMENT_WORKSPACE=mine\n", /SEGMENT_WORKSPACE +mine/],
		["a quote that is not closed", ".env:2: the value of CLIENT_SECRET begins with a quote and does not end with it: this line is not read",
			'CLIENT_ID=client\nCLIENT_SECRET="secret-of-the-client\n', /CLIENT_ID +client/],
		["text after a quote", ".env:1: the value of CLIENT_SECRET has text after the quote that ends it: this line is not read",
			"CLIENT_SECRET='secret'-of-the-client\nCLIENT_ID=client\n", /CLIENT_ID +client/],
		["UTF-16", ".env:1: is UTF-16, not UTF-8: nothing of it is read; save it as UTF-8", Buffer.from("\ufeffCLIENT_ID=client\n", "utf16le"), /CLIENT_ID +- +unset/],
		[".env is a folder", ".env is a folder, so there are no settings in it", null, /CLIENT_ID +- +unset/],
	]) {
		test(`TO-02 ${what}`, async () => {
			const { code, out, err } = await typed(["config"], { files: { ".env": file } });
			assert.ok(err.split("\n").includes(`partnerapp: warning: ${said}`), err);
			assert.match(out, wanted);
			assert.equal(code, 0);
		});
	}
});

test("a folder that this user cannot write in", async () => {
	const place = folder(), closed = path.join(place.name, "closed");
	mkdirSync(closed, { mode: 0o500 });
	try {
		const [program, ...args] = [...unprivileged, binary, "demo"];
		const { code, err } = await run(args, { cwd: closed, program });
		const said = "keys and databases are kept there: make it a folder that this user can write in, or stand in another";
		assert.ok(err.split("\n").some((line) => line.startsWith(`partnerapp: .partnerapp: Permission denied: ${said}`)), err);
		assert.match(err, /DATABASE_URL=sqlite:FOLDER\/app\.db.* SECRET_KEY/);
		assert.equal(code, 2);
	} finally {
		place.remove();
	}
});

test("ports 0 and two addresses of this machine may be used side by side", async () => {
	const { err } = await typed(["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", "--workers", "1"]);
	assert.doesNotMatch(err, /one address/);
	const other = await typed(["demo", "--listen", "127.0.0.2:9000", "--sandbox-listen", "127.0.0.1:9000", "--workers", "1"]);
	assert.doesNotMatch(other.err, /one address/);
});
