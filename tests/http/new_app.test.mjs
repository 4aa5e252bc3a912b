// partnerapp new app: what it makes works, with the program as it is installed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { binary, folder, freePort, request, run, start } from "./harness.mjs";

const build = path.dirname(binary);

describe("new app", () => {
	const { name: place, remove } = folder();
	const app = path.join(place, "my-app"), installed = path.join(place, "usr/bin/partnerapp");
	after(remove);

	const ran = async (args, cwd = app) => run(args, { cwd, program: installed });

	before(async () => {
		execFileSync("cmake", ["--install", build, "--prefix", path.join(place, "usr")], { stdio: "ignore" });
		const made = await ran(["new", "app", "my-app"], place);
		assert.equal(made.code, 0, made.err);
		assert.match(made.out, /\nNext: cd my-app && partnerapp demo; then partnerapp try --watch\n$/);
		for (const file of made.out.trim().split("\n").slice(0, -1)) assert.ok(existsSync(path.join(place, file)), file);
	});

	test("check, its tests and a try are fine", async () => {
		const checked = await ran(["check"]);
		assert.deepEqual([checked.code, checked.err], [0, "app: ./init.lua; settings: .env; state: .partnerapp/\n"]);
		const tested = await ran(["test"]);
		assert.equal(tested.code, 0);
		assert.match(tested.out, /\n4 passed, 0 failed\n/);
		const tried = await ran(["try"]);
		assert.match(tried.out, /POST https:\/\/www\.google-analytics\.com\/collect\n[^]*= would be delivered; nothing was sent/);
	});

	test("its demo serves it", async () => {
		const [port, other] = [await freePort(), await freePort()];
		const url = `http://localhost:${port}`;
		const env = { LISTEN: `127.0.0.1:${port}`, SANDBOX_LISTEN: `127.0.0.1:${other}`, PUBLIC_URL: url };
		const demo = await start(["demo"], { cwd: app, env, program: [installed] });
		try {
			assert.match((await request(url)).text, /<title>Connect your Segment workspace<\/title>/);
		} finally {
			await demo.stop();
		}
	});

	test("another product is one line: its slug, here as a flag", async () => {
		assert.equal((await ran(["new", "destination", "my-product"])).code, 0);
		const [port, other] = [await freePort(), await freePort()];
		const url = `http://localhost:${port}`;
		const env = { LISTEN: `127.0.0.1:${port}`, SANDBOX_LISTEN: `127.0.0.1:${other}`, PUBLIC_URL: url };
		const demo = await start(["demo", "--destination", "my-product"], { cwd: app, env, program: [installed] });
		try {
			assert.match((await request(url)).text, /we set up My-product on it/);
			const begun = await request(`${url}/auth/segment`);
			assert.match(begun.headers.location, /scope=destination%2Fmy-product/);
		} finally {
			await demo.stop();
			rmSync(path.join(app, "destinations/my_product.lua"));
			rmSync(path.join(app, "destinations/tests/my_product"), { recursive: true });
		}
	});

	test("git takes no key, and no state", () => {
		writeFileSync(path.join(app, ".env"), "CLIENT_SECRET=secret\n", { mode: 0o600 });
		const git = (...args) => execFileSync("git", args, { cwd: app, encoding: "utf8" });
		git("init", "-q");
		git("add", "-A");
		const files = git("ls-files").split("\n");
		assert.ok(files.includes("init.lua") && files.includes(".env.example"));
		assert.ok(!files.some((file) => file === ".env" || file.startsWith(".partnerapp")), files.join(" "));
	});

	test("an editor finds the library's annotations", () => {
		for (const library of JSON.parse(readFileSync(path.join(app, ".luarc.json"), "utf8"))["workspace.library"]) {
			assert.ok(readdirSync(library).length > 0, library);
		}
	});

	test("into a repository that has a README and a .gitignore, whose lines stay", async () => {
		const folder = path.join(place, "it's mine");
		mkdirSync(folder);
		writeFileSync(path.join(folder, "README.md"), "# Mine\n");
		writeFileSync(path.join(folder, ".gitignore"), "node_modules\n.env\n*.log");
		const made = await ran(["new", "app", "it's mine"], place);
		assert.equal(made.code, 0, made.err);
		assert.match(made.out, /^Next: cd 'it'\\''s mine' && partnerapp demo;/m);
		assert.doesNotMatch(made.out, /README\.md/);
		assert.equal(readFileSync(path.join(folder, "README.md"), "utf8"), "# Mine\n");
		assert.equal(readFileSync(path.join(folder, ".gitignore"), "utf8"), "node_modules\n.env\n*.log\n.partnerapp/\n");
		assert.equal((await ran(["test"], folder)).code, 0);
		const here = path.join(place, "here");
		mkdirSync(here);
		assert.match((await ran(["new", "app", "."], here)).out, /^Next: partnerapp demo;/m);
	});

	test("nothing is written over, and a folder is needed", async () => {
		const again = await ran(["new", "app", "my-app/"], place);
		assert.equal(again.code, 1);
		assert.match(again.err, /my-app\/\.env\.example is there already: nothing was written/);
		assert.equal((await ran(["new", "app"], place)).code, 2);
	});
});
