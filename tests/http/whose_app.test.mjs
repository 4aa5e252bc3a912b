// Which app a command takes, and where its settings and its state are: said by each command, and kept apart.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { folder, freePort, run, start, top } from "./harness.mjs";

const SCRIPT = 'return require("partnerapp").new {}\n';

/** A folder with these files. */
function place(files) {
	const { name, remove } = folder();
	after(remove);
	for (const [file, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(name, file)), { recursive: true });
		writeFileSync(path.join(name, file), text, { mode: 0o600 });
	}
	return name;
}

/** Serves in a folder, until it listens; what it printed. */
async function serve(cwd, args, env = {}) {
	const LISTEN = `127.0.0.1:${await freePort()}`;
	const server = await start(["serve", ...args], { cwd, env: { CLIENT_ID: "a", CLIENT_SECRET: "b", LISTEN, ...env } });
	await server.stop();
	return server;
}

describe("whose app it is", { concurrency: 2 }, () => {
	for (const [what, files, cwd, args, line] of [
		["the folder one stands in", { "init.lua": SCRIPT, "lua/app/init.lua": SCRIPT }, ".", [],
			"app: ./init.lua; settings: .env; state: .partnerapp/"],
		["./lua/app", { "lua/app/init.lua": SCRIPT }, ".", [], "app: ./lua/app/init.lua; settings: .env; state: .partnerapp/"],
		["the shipped one", { "notes.txt": "" }, ".", [], `app: ${top}lua/app/init.lua, which comes with partnerapp (there is no `
			+ "./init.lua and no ./lua/app/init.lua); settings: .env; state: .partnerapp/"],
		["a given one, elsewhere", { "my/init.lua": SCRIPT }, ".", ["my/"], "app: my; settings: my/.env; state: my/.partnerapp/"],
		["the folder one stands in, given", { "my/init.lua": SCRIPT }, "my", ["."],
			"app: ./init.lua; settings: .env; state: .partnerapp/"],
		["./lua/app, given by another name", { "lua/app/init.lua": SCRIPT, "x/y": "" }, ".", ["x/../lua/app"],
			"app: ./lua/app/init.lua; settings: .env; state: .partnerapp/"],
		["the shipped one, given", { "notes.txt": "" }, ".", [`${top}lua/app`],
			`app: ${top}lua/app; settings: .env; state: .partnerapp/`],
	]) {
		test(what, async () => {
			const here = path.join(place(files), cwd);
			for (const command of ["check", "routes", "config"]) {
				const { code, err } = await run([command, ...args], { cwd: here });
				assert.deepEqual([code, err.split("\n")[0]], [0, line], command);
			}
			assert.ok((await serve(here, args)).out.includes(`\n${line}\n`));
		});
	}

	test("settings and state of an app elsewhere are in its folder", async () => {
		const here = place({ "my/init.lua": SCRIPT, "my/.env": "WORKERS=33\n", "lua/app/init.lua": SCRIPT, ".env": "WORKERS=44\n" });
		assert.match((await run(["config", "my"], { cwd: here })).out, /^WORKERS +33 +my\/\.env/m);
		assert.match((await run(["config"], { cwd: here })).out, /^WORKERS +44 +\.env/m);
		await serve(here, ["my"]);
		assert.ok(existsSync(path.join(here, "my/.partnerapp/partnerapp.db")));
		assert.ok(!existsSync(path.join(here, ".partnerapp")));
		assert.match((await run(["installs", "--app", "my"], { cwd: here })).out, /No installs yet/);
	});

	test("what is in the working directory only is used, and that is said", async () => {
		const here = place({ "my/init.lua": SCRIPT, ".env": "WORKERS=44\n" });
		await serve(here, []);
		const { err } = await serve(here, ["my"]);
		assert.match(err, /warning: \.env is used, of the working directory: my\/\.env is its place now\n/);
		assert.match(err, /warning: \.partnerapp is used, of the working directory: my\/\.partnerapp is its place now\n/);
		assert.ok(!existsSync(path.join(here, "my/.partnerapp")));
	});

	test("a folder without an app is a clear error", async () => {
		const here = place({ "my/other.lua": "" });
		for (const command of ["check", "serve", "test", "config"]) {
			const { code, err } = await run([command, "my"], { cwd: here });
			assert.deepEqual([code, /my is not an app: it has no init\.lua/.test(err)], [2, true], command);
		}
	});

	test("ST-05 the state is the owner's alone, and git takes nothing of it", async () => {
		const here = place({ "init.lua": SCRIPT });
		await serve(here, []);
		assert.equal(statSync(path.join(here, ".partnerapp")).mode & 0o777, 0o700);
		assert.match(readFileSync(path.join(here, ".partnerapp/.gitignore"), "utf8"), /^\*$/m);
	});

	test("a change of .env while it serves is said once each time", async () => {
		const here = place({ "init.lua": SCRIPT });
		const LISTEN = `127.0.0.1:${await freePort()}`;
		const server = await start(["serve"], { cwd: here, env: { CLIENT_ID: "a", CLIENT_SECRET: "b", LISTEN } });
		const file = path.join(here, ".env");
		const said = "settings have changed: they take effect at the next start";
		await server.logs(said, () => writeFileSync(file, "WORKERS=20\n", { mode: 0o600 }));
		await server.logs(said, () => writeFileSync(file, "WORKERS=200\n"));
		await server.stop();
		assert.equal(server.err.split(said).length - 1, 2);
	});
});
