// What the program writes while it serves: for a person at a terminal, and for programs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { binary, folder, freePort, request, startApp, writeApp } from "./harness.mjs";
import { AT_A_TERMINAL, terminal } from "./terminal.mjs";

const APP = `local partnerapp = require "partnerapp"
local http = require "partnerapp.http"
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"
local app = partnerapp.new { env = { ACME_API_KEY = "", ACME_PLACE = "" } }
local function load()
	local record
	return record.name
end
app:get("/hello", function() return reply.text "hello" end)
app:get("/boom", function()
	local name = load()
	return reply.text(name)
end)
app:get("/calls", function(req)
	local origin = "http://127.0.0.1:" .. req.query.port
	http.get(origin .. "/first?key=in-the-query")
	http.all { { url = origin .. "/second" }, { url = "http://127.0.0.1:1/closed" } }
	return reply.text "done"
end)
app:get("/log", function()
	local list = { 1, 2 }
	list.me = list
	log.info("seen", { zeta = 2, alpha = 1.5, list = list, key = app.env.ACME_API_KEY, place = app.env.ACME_PLACE })
	print("printed", { id = 7 })
	return reply.text "logged"
end)
return app
`;

/** Serves APP at a terminal; gives it with its url. */
async function serve(t, env = {}) {
	const place = folder(), port = await freePort(), url = `http://localhost:${port}`;
	writeApp(place, APP);
	const it = terminal(t, 'exec "$PARTNERAPP" serve', {
		cwd: place.name,
		env: { PARTNERAPP: binary, CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client", LISTEN: `127.0.0.1:${port}`,
			PUBLIC_URL: url, WORKERS: "16", ADMIN_PASSWORD: "password-of-the-admin", NO_COLOR: "1", ...env },
	});
	t.after(async () => {
		place.remove();
		assert.deepEqual(await it.ended, [0, null], it.shown);
	});
	await it.shows("Register this redirect URI");
	const ask = (path, id, options = {}) =>
		request(url + path, { ...options, headers: { "x-request-id": id, ...options.headers } });
	/** The lines that end with that id, and those below them. */
	const of = (id) => {
		const lines = it.shown.replace(/\r/g, "").split("\n");
		const found = [];
		for (let i = 0; i < lines.length; i++) {
			if (!lines[i].endsWith(`  ${id}`)) continue;
			found.push(lines[i]);
			while (lines[i + 1]?.startsWith("    ")) found.push(lines[++i]);
		}
		return found.join("\n").replace(/^\d\d:\d\d:\d\d /gm, "").replace(/\d+\.\d ms/g, "N ms");
	};
	return { ...it, it, url, port, ask, of };
}

describe("the log at a terminal", { concurrency: 2 }, () => {
	test("LG-02 each request has one line, and below it its calls out", AT_A_TERMINAL, async (t) => {
		const upstream = createServer((_, answer) => answer.writeHead(201).end("{}")).listen(0, "127.0.0.1");
		await once(upstream, "listening");
		t.after(() => upstream.close());
		const port = upstream.address().port, origin = `http://127.0.0.1:${port}`;
		const server = await serve(t, { HTTP_ALLOW: `${origin} http://127.0.0.1:1` });
		await server.ask("/hello?secret=1", "hello-1");
		await server.it.shows("  hello-1");
		assert.equal(server.of("hello-1"), "app: GET /hello 200 N ms  hello-1");
		await server.ask(`/calls?port=${port}`, "calls-1");
		await server.it.shows("/closed");
		assert.equal(server.of("calls-1"), `app: GET /calls 200 N ms  calls-1
    -> GET ${origin}/first 201 N ms
    -> GET ${origin}/second 201 N ms
    -> GET http://127.0.0.1:1/closed connect N ms`);
		assert.ok(!server.it.shown.includes("in-the-query"));
	});

	test("LG-03 a refusal has its reason in the line of the request", AT_A_TERMINAL, async (t) => {
		const server = await serve(t);
		for (const [path, id, options, wanted] of [
			["/none", "none-1", {}, "app: GET /none 404 N ms  refused: not_found  none-1"],
			["/hello", "method-1", { method: "DELETE" }, "app: DELETE /hello 405 N ms  refused: method_not_allowed  method-1"],
			["/hello", "host-1", { headers: { host: "evil.example" } },
				`app: GET /hello 421 N ms  refused: other_host (this server answers as ${server.url}, not as evil.example: if that name leads here, set PUBLIC_URL=https://evil.example)  host-1`],
		]) {
			await server.ask(path, id, options);
			await server.it.shows(`  ${id}`);
			assert.equal(server.of(id), wanted);
		}
	});

	test("LG-02 a failure has one head line, then the app's frames", AT_A_TERMINAL, async (t) => {
		const server = await serve(t);
		await server.ask("/boom", "boom-1");
		await server.it.shows("GET /boom 500");
		assert.equal(server.of("boom-1"),
			`error app: GET /boom: a script failed: init.lua:8: attempt to index a nil value (local 'record')  boom-1
    init.lua:8: in upvalue 'load'
    init.lua:12: in field 'handler'
    (2 frames of the library)
app: GET /boom 500 N ms  boom-1`);
	});

	test("LG-02 fields are in the order of their names, and tables are shown", AT_A_TERMINAL, async (t) => {
		const server = await serve(t, { ACME_API_KEY: "key-of-the-customer", ACME_PLACE: "somewhere" });
		await server.ask("/log", "log-1");
		await server.it.shows("GET /log 200");
		assert.equal(server.of("log-1"),
			`info app: seen  alpha=1.5  key=***  list={ 1, 2, me = (this table again) }  place=somewhere  zeta=2  log-1
info app: printed  { id = 7 }  log-1
app: GET /log 200 N ms  log-1`);
	});

	test("probes, and pages that ask again and again, have no line", AT_A_TERMINAL, async (t) => {
		const server = await serve(t);
		await server.ask("/healthz", "probe-1");
		await server.ask("/hello", "live-1", { headers: { "x-live": "1" } });
		await server.ask("/hello", "last-1");
		await server.it.shows("  last-1");
		assert.equal(server.of("probe-1") + server.of("live-1"), "");
	});

	test("in production requests have no line", AT_A_TERMINAL, async (t) => {
		const server = await serve(t, { PUBLIC_URL: "https://app.example", SECRET_KEY: "ab".repeat(32) });
		await server.ask("/hello", "hello-1");
		await server.ask("/none", "none-1", { headers: { host: "app.example" } });
		await server.it.shows("  none-1");
		assert.equal(server.of("hello-1"), "");
		assert.equal(server.of("none-1"), "info app: request refused  status=404  reason=not_found  peer=127.0.0.1  none-1");
	});

	test("there are colors on a terminal only, and NO_COLOR and TERM=dumb are heard", AT_A_TERMINAL, async (t) => {
		for (const [env, colored] of [[{ NO_COLOR: "" }, true], [{ NO_COLOR: "1" }, false], [{ NO_COLOR: "", TERM: "dumb" }, false]]) {
			const server = await serve(t, env);
			await server.ask("/boom", "boom-1");
			await server.it.shows("GET /boom: a script");
			await server.it.shows("boom-1");
			assert.equal(server.it.shown.includes("\x1b["), colored, JSON.stringify(env));
		}
	});
});

describe("the log for programs", () => {
	test("LG-02 lines are JSON, numbers are numbers, and requests are on level debug", async () => {
		const server = await startApp(APP, { env: { LOG_LEVEL: "debug", ACME_API_KEY: "key-of-the-customer" } });
		await request(`${server.url}/log`);
		await request(`${server.url}/calls?port=1`);
		await server.stop().finally(server.remove);
		assert.ok(!server.err.includes("\x1b["));
		const lines = server.err.trimEnd().split("\n").map((line) => JSON.parse(line));
		const find = (message, path) => lines.find((line) => line.message === message && (!path || line.path === path));
		const seen = find("seen");
		assert.deepEqual([seen.alpha, seen.zeta, seen.key, seen.list], [1.5, 2, "***", "{ 1, 2, me = (this table again) }"]);
		assert.deepEqual(Object.keys(seen).slice(5), ["alpha", "key", "list", "place", "zeta"]);
		const answered = find("answered", "/log");
		assert.deepEqual([answered.level, answered.method, answered.status, typeof answered.ms], ["debug", "GET", 200, "number"]);
		const called = find("called");
		assert.deepEqual([called.level, called.url, called.code, typeof called.ms], ["debug", "http://127.0.0.1:1/first", "denied", "number"]);
		assert.equal(called.request_id, find("answered", "/calls").request_id);
	});

	test("at level info a request has no line", async () => {
		const server = await startApp(APP);
		await request(`${server.url}/hello`);
		await server.stop().finally(server.remove);
		assert.equal(server.err, "");
	});
});
