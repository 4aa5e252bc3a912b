// Saves that do not load: what pages, programs, the log and the commands say of them.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { APP_FOLDER, binary, folder, freePort, request, run, startApp } from "./harness.mjs";
import { handler, shown } from "./mistakes.mjs";
import { AT_A_TERMINAL, terminal } from "./terminal.mjs";

const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const GOOD = handler('\treturn reply.view("home", { pages = require "pages" })', 'require "pages"');
const FILES = {
	"init.lua": GOOD,
	"pages.lua": 'return "good"\n',
	"views/home.html": "<p>\n{{ pages }}\n</p>\n",
	"tests/home_test.lua": 'local testing = require "partnerapp.testing"\n'
		+ 'testing.case("fine", function(t) t.truthy(true) end)\n',
};

/** Writes files of the app; null deletes one. */
function save(server, files) {
	for (const [name, text] of Object.entries(files)) {
		const file = path.join(path.dirname(server.file), name);
		mkdirSync(path.dirname(file), { recursive: true });
		if (text === null) rmSync(file);
		else writeFileSync(file, text);
	}
}

/** Serves an app of the good files until the test ends. */
async function serve(t, options = {}) {
	const place = folder();
	save({ file: path.join(place.name, APP_FOLDER, "init.lua") }, { ...FILES, ...options.files });
	const server = await startApp(options.files?.["init.lua"] ?? GOOD, { place, ...options });
	t.after(() => server.end().finally(place.remove));
	return server;
}

/** What a browser shows: status and text. */
async function page({ url }, at = "/", options = {}) {
	const answer = await request(url + at, { ...options, headers: { ...HTML, ...options.headers } });
	return { status: answer.status, text: shown(answer.text), html: answer.text };
}

const program = async ({ url }) => request(url, { headers: { accept: "*/*" } });
const times = (text, part) => text.split(part).length - 1;
const NOT_TAKEN = "not reloaded";

/** @type {[what: string, files: Record<string, string | null>, said: RegExp, line?: RegExp][]} */
const BROKEN = [
	["a syntax error", { "init.lua": GOOD.replace("return app", "retrun app") }, /init\.lua:8: syntax error near 'app'/, /retrun app← here/],
	["a block without its end", { "init.lua": GOOD.replace("\nend)", "\n)") }, /init\.lua:7: 'end' expected .* near '\)'/],
	["a habit of JavaScript", { "pages.lua": "const x = 1\n" }, /pages\.lua:1: .*\(Lua writes `local x = …` for `const x`/],
	["a view", { "views/home.html": "<p>\n{% if x then %}\n</p>\n" }, /views\/home\.html:\d: 'end' expected/],
	["a statement of a view", { "views/home.html": "<p>\n{% for _, x in ipairs(pages) %}\n{% end %}" }, /views\/home\.html:2: 'do' expected near '%\}'/, /\{% for _, x in ipairs\(pages\) %\}← here/],
	["a view's mark that is not closed", { "views/home.html": "<p>\n{{ pages }\n" }, /views\/home\.html:2: /],
	["a view that no page has used", { "views/later.html": "\n\n{% if 1 != 2 then %}x{% end %}" }, /views\/later\.html:3: .*\(Lua writes ~= for !=\)/],
	["a module that init.lua requires", { "pages.lua": "\nlocal x = = 1\n" }, /pages\.lua:2: unexpected symbol near '='/, /local x = = 1← here/],
	["a module that raises", { "pages.lua": "local x = nil\n\nreturn x.name\n" }, /pages\.lua:3: attempt to index a nil value/, /return x\.name← here/],
	["a module that is deleted", { "pages.lua": null }, /init\.lua:4: module 'pages' not found: there is no pages\.lua/, /require "pages"← here/],
	["a module that is misspelt", { "init.lua": GOOD.replace('partnerapp.reply"', 'partnerapp.relpy"') }, /init\.lua:2: module 'partnerapp\.relpy' not found.*did you mean 'partnerapp\.reply'\?/],
	["a global that is misspelt", { "pages.lua": "return tostrng(1)\n" }, /pages\.lua:1: undeclared variable 'tostrng': did you mean 'tostring'\?/],
	["an app that is not returned", { "init.lua": GOOD.replace("return app\n", "") }, /init\.lua must end with `return app`/],
	["the same route twice", { "init.lua": GOOD.replace("return app", 'app:get("/", print)\nreturn app') }, /init\.lua:8: .*init\.lua:5/],
	["a destination", { "destinations/acme.lua": 'return require("partnerapp.destination").new { nam = "Acme" }\n' }, /destinations\/acme\.lua:1: /],
	["init.lua is deleted", { "init.lua": null }, /module 'init' not found: there is no init\.lua/],
	["init.lua is emptied", { "init.lua": "" }, /init\.lua must end with `return app`/],
];

describe("RL-01 a page shows why a save does not load; programs get the version before", { concurrency: 1 }, () => {
	const hooks = [];
	let server;
	before(async () => {
		server = await serve({ after: (hook) => hooks.push(hook) });
		assert.match((await page(server)).text, /good/);
	});
	after(() => Promise.all(hooks.map((hook) => hook())));

	for (const [what, files, said, line] of BROKEN) {
		test(what, async () => {
			const from = server.err.length;
			save(server, files);
			const broken = await page(server);
			assert.equal(broken.status, 500);
			assert.match(broken.text, said);
			if (line) assert.match(broken.text, line);
			assert.match(broken.text, /The newest save does not load/);
			assert.equal((await page(server, "/other/page")).status, 500);
			const served = await program(server);
			assert.equal(served.status, 200);
			assert.match(served.text, /good/);
			const logged = await server.logged(NOT_TAKEN, from);
			const { error, traceback } = JSON.parse(logged.split("\n")[0]);
			assert.match(error, said);
			if (line) assert.match(error, new RegExp(`^    \\d+ \\| ${line.source.replace("← here", "$")}`, "m"));
			assert.doesNotMatch(traceback ?? "", /host\/first\.lua:\d+: in local/);
			save(server, { ...Object.fromEntries(Object.keys(files).map((name) => [name, null])), ...FILES });
			const mended = await page(server);
			assert.equal(mended.status, 200);
			assert.match(mended.text, /good/);
		});
	}
});

test("RL-01 a terminal shows the error of a save once, with the line", AT_A_TERMINAL, async (t) => {
	const place = folder(), port = await freePort();
	t.after(place.remove);
	const app = { file: path.join(place.name, APP_FOLDER, "init.lua") };
	save(app, FILES);
	const env = { LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: `http://localhost:${port}`, CLIENT_ID: "a", CLIENT_SECRET: "secret-of-a", NO_COLOR: "1" };
	const it = terminal(t, `${binary} serve`, { cwd: place.name, env });
	await it.shows("http://localhost");
	save(app, { "pages.lua": "local x = 1\n\n\tconst y = 2\n", "views/home.html": "{{ = }}" });
	const url = env.PUBLIC_URL;
	assert.equal((await page({ url })).status, 500);
	assert.equal((await page({ url })).status, 500);
	await it.shows("GET / 500");
	save(app, FILES);
	assert.equal((await page({ url })).status, 200);
	await it.shows("reloaded");
	const lines = it.shown.replaceAll("\r", "");
	assert.match(lines, /error app: not reloaded: the last good scripts go on: [^\n]+\n( +\S[^\n]*\n){3}/);
	assert.match(lines, /pages\.lua:3: .*\(Lua writes `local x = …` for `const x`.*\n    +3 \| const y = 2\n/);
	assert.match(lines, /views\/home\.html:1: .*\n    +1 \| \{\{ = \}\}\n/);
	assert.equal(times(lines, NOT_TAKEN), 1);
});

describe("saves", { concurrency: 2 }, () => {
	test("RL-01 all files that do not compile are on the page, the newest save's first", async (t) => {
		const server = await serve(t);
		for (const [name, text] of [["pages.lua", "local a = = 1\n"], ["later.lua", "local b = = 2\n"], ["views/home.html", "{{ = }}"]]) {
			save(server, { [name]: text });
			assert.equal((await page(server)).status, 500);
		}
		const { text } = await page(server);
		assert.match(text, /views\/home\.html:1: [^]*later\.lua:1: [^]*pages\.lua:1: /);
		assert.match(text, /local a = = 1← here/);
		assert.match(text, /local b = = 2← here/);
		save(server, { "pages.lua": "local c = = 3\n" });
		assert.match((await page(server)).text, /pages\.lua:1: [^]*local c = = 3← here[^]*views\/home\.html:1: [^]*later\.lua:1: /);
	});

	test("RL-01 no page shows an older save than that before its request", async (t) => {
		const server = await serve(t);
		for (let i = 1; i <= 12; i++) {
			save(server, { "pages.lua": `local v${i} = = ${i}\n` });
			const broken = await page(server);
			assert.match(broken.text, new RegExp(`local v${i} = = ${i}← here`));
			save(server, { "pages.lua": `return "good ${i}"\n` });
			const good = await page(server);
			assert.equal(good.status, 200);
			assert.match(good.text, new RegExp(`good ${i}\\s`));
		}
	});

	test("RL-01 many pages at once get the newest save, and the log says each error once", async (t) => {
		const server = await serve(t);
		for (const name of ["first", "second"]) {
			save(server, { "pages.lua": `local ${name} = = 1\n` });
			for (const { status, text } of await Promise.all(Array.from({ length: 12 }, () => page(server)))) {
				assert.equal(status, 500);
				assert.match(text, new RegExp(`local ${name} = = 1← here`));
			}
		}
		save(server, { "pages.lua": FILES["pages.lua"] });
		assert.equal((await page(server)).status, 200);
		await server.logged('"reloaded"');
		assert.equal(times(server.err, NOT_TAKEN), 2);
	});

	test("RL-01 a form is not handled while the newest save does not load, and not sent twice", async (t) => {
		const init = handler('\treturn reply.text "x"',
			'local count = 0\napp:post("/send", function() require("partnerapp.log").info "handled" return reply.empty() end, { csrf = false })');
		const server = await serve(t, { files: { "init.lua": init } });
		save(server, { "pages.lua": "= 1" });
		const sent = await page(server, "/send", { method: "POST", headers: { origin: server.url } });
		assert.equal(sent.status, 500);
		assert.match(sent.text, /send the form again/);
		assert.doesNotMatch(sent.html, /<script/);
		assert.match((await page(server)).html, /<script defer src="\/static\/partnerapp\/reload\.js\?v=/);
		assert.equal((await request(`${server.url}/send`, { method: "POST" })).status, 204);
		await server.logged("handled");
		assert.equal(times(server.err, '"handled"'), 1);
	});

	test("RL-01 the version that a page asks for changes with each save; static files and probes go on", async (t) => {
		const server = await serve(t);
		const version = async (headers = HTML) => {
			const { status, text } = await request(`${server.url}/static/partnerapp/version`, { headers });
			assert.equal(status, 200);
			assert.match(text, /^\d+$/);
			return text;
		};
		const seen = new Set([await version()]);
		assert.equal(await version(), [...seen][0]);
		for (const text of ["= 1", "= 2", 'return "good"\n', 'return "better"\n']) {
			save(server, { "pages.lua": text });
			seen.add(await version());
		}
		assert.equal(seen.size, 5);
		save(server, { "pages.lua": "= 3" });
		const broken = await page(server);
		assert.ok(broken.html.includes(`data-version="${await version()}"`));
		assert.notEqual(await version({ accept: "*/*" }), await version());
		assert.equal((await request(`${server.url}/static/partnerapp/reload.js`, { headers: HTML })).status, 200);
		assert.equal((await request(`${server.url}/healthz`, { headers: HTML })).status, 200);
		assert.equal((await request(`${server.url}/readyz`)).status, 200);
	});

	test("RL-01 the page of a handler that raises has the version too", async (t) => {
		const server = await serve(t);
		save(server, { "init.lua": handler("\treturn reply.text(titel)") });
		const raised = await page(server);
		assert.match(raised.text, /init\.lua:6: undeclared variable 'titel'/);
		const { text } = await request(`${server.url}/static/partnerapp/version`, { headers: HTML });
		assert.ok(raised.html.includes(`data-version="${text}"`));
	});

	test("RL-01 without a watch pages get the last good version", async (t) => {
		const server = await serve(t, { args: ["--no-reload"] });
		await server.logs(NOT_TAKEN, () => {
			save(server, { "pages.lua": "= 1" });
			server.child.kill("SIGHUP");
		});
		assert.equal((await page(server)).status, 200);
	});

	test("RL-01 RL-06 a folder that goes and comes back", async (t) => {
		const server = await serve(t);
		rmSync(path.dirname(server.file), { recursive: true });
		assert.match((await page(server)).text, /cannot read .*lua\/app/);
		assert.equal((await program(server)).status, 200);
		save(server, FILES);
		const back = await page(server);
		assert.equal(back.status, 200, back.text);
	});

	test("RL-03 what is written to a file that is not read causes no reload", async (t) => {
		const server = await serve(t);
		const log = path.join(path.dirname(server.file), "server.log");
		const from = server.err.length;
		writeFileSync(log, "one\n");
		assert.equal((await page(server)).status, 200); // has waited for what was changed before
		for (let i = 0; i < 20; i++) appendFileSync(log, "more\n");
		assert.equal((await page(server)).status, 200);
		save(server, { "pages.lua": 'return "better"\n' });
		assert.match((await page(server)).text, /better/);
		await server.logged('"reloaded"', from);
		assert.equal(times(server.err.slice(from), '"reloaded"'), 1);
	});

	test("RL-01 a test file that does not load breaks `test` and `check`, not the app", async (t) => {
		const server = await serve(t);
		for (const [text, said] of [["local x = = 1\n", /tests\/home_test\.lua:1: unexpected symbol near '='/],
			['\nrequire "partnerapp.testng"\n', /tests\/home_test\.lua:2: module 'partnerapp\.testng' not found.*did you mean 'partnerapp\.testing'/]]) {
			save(server, { "tests/home_test.lua": text });
			const served = await page(server);
			assert.equal(served.status, 200, served.text);
			const tested = await run(["test"], { cwd: server.cwd });
			assert.equal(tested.code, 1);
			assert.match(tested.out, said);
			assert.match(tested.out, /not ok 1 - tests\/home_test\.lua/);
		}
		save(server, { "tests/home_test.lua": "local x = = 1\n" });
		const checked = await run(["check"], { cwd: server.cwd });
		assert.equal(checked.code, 1);
		assert.match(checked.err, /^tests\/home_test\.lua:1: unexpected symbol near '='/m);
		assert.equal((await page(server)).status, 200);
		await server.logged('"reloaded"');
		assert.equal(times(server.err, NOT_TAKEN), 0);
	});

	test("RL-02 an app that never loaded shows the newest save's error to everyone", async (t) => {
		const server = await serve(t, { files: { "init.lua": "local a = = 1\n" } });
		assert.match((await page(server)).text, /The app does not load[^]*init\.lua:1: [^]*local a = = 1← here/);
		for (let i = 1; i <= 5; i++) {
			save(server, { "init.lua": `local b${i} = = 1\n` });
			const answer = await request(server.url, { headers: { accept: "application/json" } });
			assert.equal(answer.status, 500);
			assert.match(answer.json().error, /init\.lua:1: unexpected symbol/);
			assert.match((await page(server)).text, new RegExp(`local b${i} = = 1← here`));
		}
		save(server, { "init.lua": GOOD });
		assert.equal((await program(server)).status, 200);
	});

	const PRODUCTION = { PUBLIC_URL: "https://app.example.com", SECRET_KEY: "ab".repeat(32) };

	for (const [what, files, said] of [
		["a script", { "init.lua": "local x = = 1\n" }, /^partnerapp: app: the scripts do not load: init\.lua:1: unexpected symbol near '='$/m],
		["a view and a script", { "views/home.html": "{{ = }}", "pages.lua": "= 1" }, /^partnerapp: app: the scripts do not load: (views|pages).*\(partnerapp check lists all problems\)$/m],
		["a module that is not there", { "init.lua": GOOD.replaceAll('"pages"', '"pags"') }, /^partnerapp: app: the scripts do not load: init\.lua:4: module 'pags' not found.*did you mean 'pages'/m],
	]) {
		test(`RL-02 in production ${what} that does not load ends the start with exit code 1`, async (t) => {
			const place = folder();
			t.after(place.remove);
			save({ file: path.join(place.name, APP_FOLDER, "init.lua") }, { ...FILES, ...files });
			const env = { ...PRODUCTION, CLIENT_ID: "client", CLIENT_SECRET: "secret", LISTEN: "127.0.0.1:0" };
			const { code, out, err } = await run(["serve"], { cwd: place.name, env });
			assert.equal(code, 1, err);
			assert.match(err, said);
			assert.equal(out, "");
		});
	}

	test("RL-01 in production a page gets the last good version, and no version", async (t) => {
		const server = await serve(t, { env: PRODUCTION });
		const headers = { ...HTML, host: "app.example.com" };
		await server.logs(NOT_TAKEN, () => save(server, { "pages.lua": "= 1" }));
		const answer = await request(server.url, { headers });
		assert.equal(answer.status, 200);
		assert.match(answer.text, /good/);
		assert.equal((await request(`${server.url}/static/partnerapp/version`, { headers })).status, 404);
	});
});
