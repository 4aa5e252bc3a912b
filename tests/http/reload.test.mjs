// Scripts that are saved while the server runs: the next request runs the new ones; broken ones are not taken.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { APP_FOLDER, binary, folder, request, startApp, unprivileged, until, withApp } from "./harness.mjs";
import { openSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:get("/version", function() return reply.text("1") end)
app:get("/wait", function() http.get(config.segment_api_url .. "/slow") return reply.text("old") end)
return app
`;

const version = async (url) => (await request(`${url}/version`)).text;

/** Makes a change while the program is stopped: it sees all of it at once, however slow the machine is. */
async function inOneGo({ child }, change) {
	child.kill("SIGSTOP");
	await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8"), (text) => / T /.test(text));
	change();
	child.kill("SIGCONT");
}

describe("reload", { concurrency: true }, () => {
	describe("saves, one after the other", { concurrency: 1 }, () => {
		let server, url, file, segment;
		before(async () => {
			segment = await openSegment();
			server = await startApp(APP, { env: segment.env });
			({ url, file } = server);
		});
		after(async () => {
			await server.end();
			await segment.close();
		});

		const saved = (text, logged, write = () => writeFileSync(file, text)) => server.logs(logged, write);
		const reload = () => server.logs('"reloaded"', () => server.child.kill("SIGHUP"));

		test("RL-03 a save is served by the next request: written, renamed, truncated first", async () => {
			await saved(APP.replace('"1"', '"2"'), '"reloaded"');
			assert.equal(await version(url), "2");
			await saved(APP.replace('"1"', '"3"'), '"reloaded"', () => {
				writeFileSync(`${file}.new`, APP.replace('"1"', '"3"'));
				renameSync(`${file}.new`, file);
			});
			assert.equal(await version(url), "3");
		});

		test("RL-03 a hundred files saved in one go are one reload", async () => {
			const scripts = Array.from({ length: 100 }, (_, i) => path.join(path.dirname(file), `script_${i}.lua`));
			const from = server.err.length;
			const reloads = async (count) => {
				await server.logged('"reloaded"', from);
				await until(() => server.err.slice(from).match(/"reloaded"/g).length, (seen) => seen >= count);
				assert.equal(server.err.slice(from).match(/"reloaded"/g).length, count);
			};
			await inOneGo(server, () => scripts.forEach((script) => writeFileSync(script, "return {}")));
			await reloads(1);
			await inOneGo(server, () => scripts.forEach((script) => rmSync(script)));
			await reloads(2);
		});

		test("RL-01 a broken save leaves the last good version serving", async () => {
			await saved("return {", "not reloaded");
			assert.equal(await version(url), "3");
			assert.match(server.err, /init\.lua:1/);
			await saved(APP.replace('"1"', '"4"'), '"reloaded"');
			assert.equal(await version(url), "4");
		});

		test("RL-01 a view or a script that nothing has used yet is checked too", async () => {
			const views = path.join(path.dirname(file), "views"), script = path.join(path.dirname(file), "later.lua");
			const from = server.err.length;
			mkdirSync(views);
			writeFileSync(path.join(views, "later.html"), "<p>{{ 1 + }}</p>\n");
			writeFileSync(script, "local x = = 1\n");
			await server.logged("later.lua:1", from);
			await server.logged("views/later.html:1", from);
			assert.equal(await version(url), "4");
			await server.logs('"reloaded"', () => {
				rmSync(script);
				rmSync(views, { recursive: true });
			});
		});

		test("RL-04 a request in flight finishes on the version it began with", async () => {
			const waiting = request(`${url}/wait`);
			await until(() => segment.slow.length, (count) => count === 1);
			await saved(APP.replace('"old"', '"new"'), '"reloaded"');
			segment.answerSlow();
			assert.equal((await waiting).text, "old");
		});

		test("RL-06 a deleted script is an error, its return a reload", async () => {
			await saved("", "not reloaded", () => rmSync(file));
			assert.equal(await version(url), "1");
			await saved(APP.replace('"1"', '"5"'), '"reloaded"');
			assert.equal(await version(url), "5");
		});

		test("RL-07 OP-02 SIGHUP reloads", async () => {
			await reload();
			assert.equal(await version(url), "5");
		});

		test("RL-05 reloads under load: no request fails, memory stays", async () => {
			const rss = () => Number(readFileSync(`/proc/${server.child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
			let over = false, answered = 0;
			const client = async () => {
				while (!over) {
					const answer = await request(`${url}/hello`);
					assert.equal(answer.status, 200);
					assert.equal(answer.text, "Hello, world\n");
					answered++;
				}
			};
			const clients = [client(), client(), client(), client()];
			for (let i = 0; i < 50; i++) await reload();
			const before = rss();
			for (let i = 0; i < 200; i++) await reload();
			const grown = rss() - before;
			over = true;
			await Promise.all(clients);
			assert.ok(answered > 100, `${answered} requests`);
			// AddressSanitizer keeps freed memory for a while: there, its leak check at the end is the test.
			if (readFileSync(`/proc/${server.child.pid}/maps`, "utf8").includes("libasan")) return;
			// One generation of scripts that is not freed takes 200 KB or more.
			assert.ok(grown < 16384, `${grown} KB more after 200 reloads`);
		});
	});

	test("RL-02 a script that is broken at the first start shows its error, a good one heals it", async () => {
		await withApp("local x = = 1", {}, async (server) => {
			const broken = await request(`${server.url}/anything`);
			assert.equal(broken.status, 500);
			assert.match(broken.text, /init\.lua:1/);
			assert.equal((await request(`${server.url}/healthz`)).status, 200);
			await server.logs('"reloaded"', () => writeFileSync(server.file, APP));
			assert.equal((await request(`${server.url}/hello`)).status, 200);
		});
	});

	test("RL-06 a script that may no longer be read leaves the last good version serving", async () => {
		await withApp(APP, { program: [...unprivileged, binary] }, async (server) => {
			await server.logs("not reloaded", () => chmodSync(server.file, 0));
			assert.equal(await version(server.url), "1");
			await server.logs('"reloaded"', () => chmodSync(server.file, 0o600));
			assert.equal(await version(server.url), "1");
		});
	});

	test("TO-04 scripts and views with CR LF at the ends of their lines load", async (t) => {
		const place = folder(), views = path.join(place.name, APP_FOLDER, "views");
		t.after(place.remove);
		mkdirSync(views, { recursive: true });
		const crlf = (text) => text.replaceAll("\n", "\r\n");
		writeFileSync(path.join(views, "page.html"), crlf("<p>{{ name }}</p>\n{% if name then %}\n<p>again</p>\n{% end %}\n"));
		const script = APP.replace('reply.text("1")', 'reply.view("page", { name = "Zoë" })');
		await withApp(crlf(script), { place }, async ({ url }) => {
			assert.match(await version(url), /^<p>Zoë<\/p>\s+<p>again<\/p>\s+$/);
		});
	});

	test("RL-07 with --no-reload a save changes nothing until SIGHUP", async () => {
		await withApp(APP, { args: ["--no-reload"] }, async (server) => {
			writeFileSync(server.file, APP.replace('"1"', '"2"'));
			assert.equal(await version(server.url), "1");
			await server.logs('"reloaded"', () => server.child.kill("SIGHUP"));
			assert.equal(await version(server.url), "2");
		});
	});
});
