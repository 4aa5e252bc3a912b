// partnerapp actions: Segment's local protocol for trying an action, as Segment's tester and the curl lines of its
// documentation speak it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { promisify } from "node:util";
import { ACME, errorOf, EVENT, SECRET, SEGMENT, startActions, TOKEN, writeActions } from "./actions_server.mjs";
import { request, run, top } from "./harness.mjs";

let server, settings;
before(async () => {
	server = await startActions();
	settings = server.settings;
});
after(() => server.end());
beforeEach(() => {
	server.api.seen.length = server.api.next.length = 0;
});

/** Curl as Segment's documentation calls it. */
async function curl(address, data) {
	const line = ["--location", "--request", "POST", server.url + address, "--header", "Content-Type: application/json", "--data", data];
	const { stdout } = await promisify(execFile)("curl", ["-sS", "--max-time", "30", ...line]);
	return JSON.parse(stdout);
}

test("it says at the start that it sends, and which addresses there are", async () => {
	assert.match(server.out, /^Segment's tools can try acme-analytics on http:\/\/localhost:\d+\n {2}THE REQUESTS ARE SENT/);
	assert.match(await server.logged("POST /identify"), /POST \/track, POST \/track\/list, POST \/identify/);
	assert.match((await request(server.url)).text, /its requests are sent[^]*GET \/manifest[^]*POST \/track\/list/);
});

test("GET /manifest is the definition", async () => {
	const answer = await request(`${server.url}/manifest`);
	assert.equal(answer.headers["content-type"], "application/json");
	const manifest = answer.json();
	assert.deepEqual(Object.keys(manifest), ["name", "slug", "mode", "authentication", "presets", "actions", "directoryName"]);
	assert.deepEqual([manifest.slug, manifest.directoryName], ["acme-analytics", "acme_analytics"]);
	assert.deepEqual(Object.keys(manifest.actions), ["track", "identify"]);
	assert.deepEqual(manifest.actions.track.fields.event.default, { "@path": "$.event" });
});

describe("curl lines of Segment's documentation", () => {
	test("an event with a mapping and settings", async () => {
		const [exchange] = await curl("/track", JSON.stringify({
			mapping: { event: { "@path": "$.properties.key_field" }, user: { "@path": "$.properties.key_value" } },
			settings, payload: { properties: { key_field: "3", key_value: "Hans Müller" } },
		}, null, 2));
		assert.equal(exchange.request.body, '{"event":"3","user":"Hans Müller"}');
		assert.equal(server.api.seen[0].body, exchange.request.body);
	});

	test("a batch, which is a list of events", async () => {
		const [exchange] = await curl("/track", JSON.stringify({
			mapping: { event: { "@path": "$.properties.key_field" } }, settings,
			payload: [{ properties: { key_field: "3" } }, { properties: { key_field: "4" } }],
		}));
		assert.equal(exchange.request.body, '[{"event":"3"},{"event":"4"}]');
	});

	test("tokens, and parts that only Segment uses", async () => {
		await curl("/track", JSON.stringify({
			payload: EVENT, settings, auth: { accessToken: TOKEN, refreshToken: "r" }, features: { test_feature: true },
		}));
		await curl("/track", JSON.stringify({ payload: EVENT, settings, oauth: { access_token: TOKEN } }));
		assert.deepEqual(server.api.seen.map((one) => one.headers.authorization), [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
	});

	test("the credentials, in an object around them", async () => {
		assert.deepEqual(await curl("/authentication", JSON.stringify({ settings })), { ok: true });
		assert.deepEqual(await curl("/authentication", JSON.stringify({ settings, oauth: { access_token: TOKEN } })), { ok: true });
		assert.deepEqual(server.api.seen.map((one) => one.headers.authorization), [`Bearer ${SECRET}`, `Bearer ${TOKEN}`]);
	});
});

describe("POST /ACTION", () => {
	test("the answer is the list of exchanges", async () => {
		server.api.next.push({ headers: { "set-cookie": "a=b" }, body: '{"z":1,"a":[1,null]}' });
		const answer = await server.post("/track", { payload: EVENT, settings });
		assert.equal(answer.status, 200);
		const [{ request: sent, response }, ...more] = answer.json();
		assert.equal(more.length, 0);
		assert.deepEqual(sent, {
			url: `${server.api.origin}/events?key=***`, method: "POST",
			headers: { authorization: "<redacted>", "content-type": "application/json", "user-agent": "Segment (Actions)" },
			body: '{"event":"Signed Up","user":"u1"}',
		});
		assert.deepEqual(Object.keys(response), ["statusCode", "statusMessage", "headers", "body"]);
		assert.deepEqual([response.statusCode, response.statusMessage, response.headers["set-cookie"]], [200, "OK", "<redacted>"]);
		assert.equal(JSON.stringify(response.body), '{"z":1,"a":[1,null]}'); // members in their order
		assert.equal(server.api.seen[0].url, `/events?key=${SECRET}`);
	});

	test("every request that was answered is in it, in its order; only those of this try", async () => {
		server.api.next.push({ status: 404, headers: { "content-type": "text/plain" }, body: "nothing" });
		const list = (await server.post("/track", { payload: { event: "two" }, settings })).json();
		assert.deepEqual(list.map((one) => [one.request.method, one.response.statusCode, one.response.statusMessage, one.response.body]),
			[["GET", 404, "Not Found", "nothing"], ["POST", 200, "OK", { ok: true }]]);
		assert.equal((await server.post("/track", { payload: EVENT, settings })).json().length, 1);
	});

	test("members of the mapping that are missing take the defaults; a mapping of nothing is the event", async () => {
		const mapping = { event: { "@template": "{{event}}!" } };
		await server.post("/track", { payload: EVENT, mapping, settings });
		await server.post("/identify", { payload: { name: "Zoë" }, settings });
		assert.deepEqual(server.api.seen.map((one) => one.body), ['{"event":"Signed Up!","user":"u1"}', '{"name":"Zoë"}']);
	});

	test("an answer of any bytes can be shown", async () => {
		for (const [body, wanted] of [
			[Buffer.from("Zo\xeb \xff", "latin1"), "Zo\ufffd \ufffd"], [Buffer.alloc(1 << 20, 0x80), "\ufffd".repeat(64 << 10) + "…"],
			["[".repeat(64) + "]".repeat(64), "[".repeat(50) + `"${"[".repeat(14)}${"]".repeat(14)}"` + "]".repeat(50)],
		]) {
			const type = Buffer.isBuffer(body) ? "image/png" : "application/json";
			server.api.next.push({ body, headers: { "content-type": type, "x-own": "\xeb" } });
			const [{ response }] = (await server.post("/track", { payload: EVENT, settings })).json();
			assert.equal(Buffer.isBuffer(body) ? response.body : JSON.stringify(response.body), wanted);
			assert.equal(response.headers["x-own"], "\ufffd");
		}
	});

	test("a payload that is not valid is an error with the fields", async () => {
		const missing = errorOf(await server.post("/track", { payload: { userId: "u1" }, settings }));
		assert.deepEqual([missing.statusCode, missing.fields], [400, { $: "The root value is missing the required field 'event'." }]);
		assert.equal(missing.message, missing.fields.$);
		const mapping = { address: { zip: "x" } };
		const wrong = errorOf(await server.post("/track", { payload: EVENT, mapping, settings }));
		assert.deepEqual(Object.keys(wrong.fields), ["address.zip"]);
		assert.equal(server.api.seen.length, 0);
	});

	test("an answer that is not 2xx is the error", async () => {
		server.api.next.push({ status: 422, body: JSON.stringify({ error: `not for ${SECRET}` }) });
		const refused = errorOf(await server.post("/track", { payload: EVENT, settings }));
		assert.deepEqual([refused.statusCode, refused.message], [422, { error: "not for ***" }]);
		server.api.next.push({ status: 503, headers: { "content-type": "text/plain" }, body: "down" });
		assert.equal(errorOf(await server.post("/track", { payload: EVENT, settings })).message, "down");
	});

	test("a 401 renews no token: the tester asks for that itself", async () => {
		server.api.next.push({ status: 401, body: "{}" });
		assert.equal(errorOf(await server.post("/track", { payload: EVENT, settings, auth: { refreshToken: "r" } })).statusCode, 401);
		assert.equal(server.api.seen.length, 1);
	});

	test("a bug says its line, and a loop ends", async () => {
		const line = ACME.split("\n").findIndex((text) => text.includes("data.raw_data.nothing.here")) + 1;
		const bug = errorOf(await server.post("/track", { payload: { event: "bug" }, settings }));
		assert.deepEqual([bug.statusCode, bug.message.startsWith(`destinations/acme_analytics.lua:${line}: attempt to index a nil`)], [500, true]);
		const loop = errorOf(await server.post("/track", { payload: { event: "loop" }, settings }, { origin: SEGMENT }));
		assert.match(loop.message, /time budget spent/);
		assert.equal((await server.post("/track", { payload: EVENT, settings })).status, 200);
	});

	test("a batch leaves out what is not valid, and needs perform_batch", async () => {
		const events = [EVENT, { userId: "u2" }, { event: "Other" }];
		const [exchange] = (await server.post("/track", { payload: events, settings })).json();
		assert.equal(exchange.request.body, '[{"event":"Signed Up","user":"u1"},{"event":"Other"}]');
		assert.deepEqual((await server.post("/track", { payload: [], settings })).json(), []);
		assert.equal(errorOf(await server.post("/track", { payload: [{}, {}], settings })).statusCode, 400);
		const single = errorOf(await server.post("/identify", { payload: [EVENT], settings }));
		assert.deepEqual([single.statusCode, single.message], [501, "identify has no perform_batch: send one event"]);
	});

	test("payloads that are no events at all are errors", async () => {
		for (const payload of ["x", 5, true, [5, null, "x", [1]]]) {
			assert.equal(errorOf(await server.post("/track", { payload, settings })).statusCode, 400, JSON.stringify(payload));
		}
		assert.equal(errorOf(await server.post("/track", { payload: null, settings })).statusCode, 400);
	});

	test("an unknown action names the nearest", async () => {
		const answer = errorOf(await server.post("/trak", { payload: EVENT, settings }), 404);
		assert.equal(answer.message, "Acme Analytics has no action 'trak': did you mean 'track'?");
		assert.equal((await request(`${server.url}/track`)).status, 405);
	});
});

describe("the other addresses", () => {
	test("POST /authenticate: the settings, and whether they are right", async () => {
		assert.deepEqual((await server.post("/authenticate", settings)).json(), { ok: true });
		const missing = (await server.post("/authenticate", { base: server.api.origin })).json();
		assert.deepEqual(missing, { ok: false, error: missing.error, fields: { $: "The root value is missing the required field 'api_key'." } });
		server.api.next.push({ status: 403, body: "{}" });
		const wrong = await server.post("/authenticate", settings);
		assert.equal(wrong.status, 200);
		assert.match(wrong.json().error, /^Credentials are invalid: 403 /);
		assert.deepEqual([wrong.json().ok, wrong.json().fields], [false, {}]);
	});

	test("POST /refreshAccessToken: the tokens, and the new ones", async () => {
		const tokens = { refreshToken: "r-1", refreshTokenUrl: `${server.api.origin}/token` };
		server.api.next.push({ body: '{"token":"new"}' });
		assert.deepEqual((await server.post("/refreshAccessToken", tokens)).json(), { ok: true, data: { accessToken: "new", refreshToken: "r-1" } });
		assert.equal(server.api.seen[0].body, '{"token":"r-1"}');
		server.api.next.push({ status: 400, body: '{"error":"invalid_grant"}' });
		const failed = await server.post("/refreshAccessToken", tokens);
		assert.deepEqual([failed.status, failed.json()], [400, { ok: false, error: { error: "invalid_grant" } }]);
	});

	test("POST /ACTION/FIELD: the choices of a dynamic field", async () => {
		server.api.next.push({ body: '{"label":"First"}' });
		const ask = { payload: { event: "A" }, settings, page: "7", query: "fi" };
		assert.deepEqual((await server.post("/track/list", ask)).json(), { choices: [{ label: "First", value: "l1" }], nextPage: "2" });
		assert.match(server.api.seen[0].url, /^\/lists\?(page=7&q=fi|q=fi&page=7)$/);
		const none = await server.post("/track/list", { payload: { event: "none" }, settings });
		assert.deepEqual([none.status, none.json()], [500, [{ message: "no lists for ***", code: "404" }]]);
		server.api.next.push({ status: 500, body: "{}" });
		assert.equal((await server.post("/track/list", ask)).status, 500);
		assert.equal((await server.post("/track/lists", ask)).status, 404);
	});

	test("POST /delete: what a deletion sends", async () => {
		const [exchange] = (await server.post("/delete", { payload: { userId: "u7" }, settings })).json();
		assert.deepEqual([exchange.request.method, exchange.request.url], ["DELETE", `${server.api.origin}/users/u7`]);
		assert.deepEqual(errorOf(await server.post("/delete", { payload: { userId: "u7" } })).statusCode, 400);
	});

	test("a body that cannot be read is 400", async () => {
		const headers = { "content-type": "application/json; charset=utf-8", origin: SEGMENT };
		for (const body of ["{", "[]", "5", "null", '{"payload":\xff}']) {
			const answer = await request(`${server.url}/track`, { method: "POST", headers, body });
			errorOf(answer, 400);
			assert.equal(answer.headers["access-control-allow-origin"], SEGMENT);
		}
		errorOf(await request(`${server.url}/track`, { method: "POST", headers }));
	});
});

test("the lines of docs/destinations.md work with its destination", async () => {
	const page = readFileSync(path.join(top, "docs/destinations.md"), "utf8");
	const [, acme] = page.match(/```lua\n-- lua\/app\/destinations\/acme.lua\n([^]*?)```/);
	const [, lines] = page.match(/```sh\npartnerapp actions acme\n([^]*?)```/);
	const here = acme.replace('slug = "acme"', 'slug = "acme-analytics"'); // the file's name in this suite
	const own = await startActions({ text: (origin) => here.replace("https://api.acme.example", origin) });
	try {
		const command = lines.replace("http://localhost:3000", own.url).replace("curl", "curl -sS --max-time 30").replace("…", SECRET);
		const { stdout } = await promisify(execFile)("sh", ["-c", command]);
		assert.equal(JSON.parse(stdout)[0].request.body, '{"event":"Signed Up","user":"u1"}');
		assert.deepEqual(own.api.seen.map((one) => [one.url, one.headers.authorization]), [["/v1/events", `Bearer ${SECRET}`]]);
	} finally {
		await own.end();
	}
});

test("a saved file takes effect at the next request, and a broken one is told", async () => {
	const own = await startActions();
	try {
		const tried = async () => (await own.post("/track", { payload: EVENT, settings: own.settings })).json();
		assert.equal((await tried())[0].request.url, `${own.api.origin}/events?key=***`);
		await own.logs('"reloaded"', () => writeFileSync(own.file, ACME.replace("/events?", "/events2?")));
		assert.equal((await tried())[0].request.url, `${own.api.origin}/events2?key=***`);
		const told = await own.logs('"reloaded"', () => writeFileSync(own.file, ACME.replace("slug =", "slugg =")));
		assert.match(told, /the destination does not load.*acme_analytics\.lua:6: .*unknown part 'slugg': did you mean 'slug'/);
		const broken = errorOf(await own.post("/track", { payload: EVENT, settings: own.settings }));
		assert.match(broken.message, /^destinations\/acme_analytics\.lua:6: .*did you mean 'slug'/);
		assert.equal((await request(`${own.url}/manifest`)).status, 500);
		assert.equal((await own.post("/authenticate", own.settings)).json().ok, false);
		await own.logs('"reloaded"', () => writeFileSync(own.file, ACME));
		assert.equal((await tried())[0].request.url, `${own.api.origin}/events?key=***`);
	} finally {
		await own.end();
	}
});

test("a destination that does not load at the start is told, and served once it is right", async () => {
	const own = await startActions({ text: "return {" });
	try {
		assert.match(await own.logged("does not load"), /the destination does not load.*acme_analytics\.lua:1: unexpected symbol near <eof>/);
		assert.match(errorOf(await own.post("/track", { payload: EVENT, settings: own.settings })).message, /acme_analytics\.lua:1: unexpected symbol near <eof>/);
		await own.logs('"reloaded"', () => writeFileSync(own.file, ACME));
		assert.equal((await own.post("/track", { payload: EVENT, settings: own.settings })).json()[0].response.statusCode, 200);
	} finally {
		await own.end();
	}
});

test("mistakes on the command line say what to do", async () => {
	const place = writeActions();
	try {
		for (const [args, code, message] of [
			[["acme-analytic", "."], 1, /there is no .*\/destinations\/acme_analytic\.lua: did you mean 'acme_analytics'\?/],
			[["acme-analytics", ".", "--app", "."], 2, /APP is given twice/],
			[["acme-analytics", "--app", "nowhere"], 2, /there is no folder 'nowhere'/],
			[["acme-analytics", "nowhere"], 2, /there is no folder 'nowhere'/],
			[["acme-analytics", ".", "--port", "http"], 2, /--port: 'http' is not a port from 1 to 65535/],
			[["acme-analytics", ".", "--port", "0"], 2, /--port: '0' is not a port/],
			[["acme-analytics", ".", "--listen", "127.0.0.1:3001"], 2, /--listen is for the app's server: this one is moved by --port/],
			[["acme-analytics", ".", "more"], 2, /unexpected argument 'more'/],
			[["acme-analytics", ".", "--port", String(server.port)], 1, new RegExp(
				`127\\.0\\.0\\.1:${server.port}: process \\d+ .* listens there: end it, or take a free port: --port \\d+$`, "m")],
		]) {
			const got = await run(["actions", ...args], { cwd: place.name });
			assert.match(got.err, message);
			assert.equal(got.code, code, args.join(" "));
		}
		writeFileSync(place.file.replace("acme_analytics", "beta"), ACME);
		assert.match((await run(["actions"], { cwd: place.name })).err, /which destination\? The app has acme_analytics, beta/);
		assert.match((await run(["actions", "--help"], { cwd: place.name })).out, /its requests are sent[^]*--port PORT/);
	} finally {
		place.remove();
	}
});
