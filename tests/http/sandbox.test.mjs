// The sandbox alone, as a process: its settings, and what only a real connection shows.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import zlib from "node:zlib";
import { during, json, raw, request, startSandbox, top, until } from "./harness.mjs";

const USER = { authorization: `Basic ${Buffer.from("user@example.com:password").toString("base64")}` };
const WANTED = { access_token: { description: "d", scopes: "workspace", workspace_names: ["workspaces/business"] } };

/** A sandbox for the time of `use(origin)`. */
async function withSandbox(settings, use) {
	const sandbox = await startSandbox(settings);
	return during(() => use(sandbox.origin), sandbox.end);
}

async function personalToken(origin) {
	const made = await request(`${origin}/v1beta/access-tokens`, json(WANTED, USER));
	assert.equal(made.status, 200);
	return { authorization: `Bearer ${made.json().token}` };
}

const quoted = { method: "POST", headers: USER, body: JSON.stringify(WANTED).replaceAll('"', "'") };

test("--strict refuses bodies with single quotes", async () => {
	await withSandbox({ flags: ["--strict"] }, async (origin) => {
		const answer = await request(`${origin}/v1beta/access-tokens`, quoted);
		assert.equal(answer.status, 400);
		assert.equal(answer.json().code, 3);
		await personalToken(origin);
	});
});

test("TO-06 SANDBOX_AUTO_CONSENT installs at a GET, not at a look", async () => {
	await withSandbox({ env: { SANDBOX_AUTO_CONSENT: "1" } }, async (origin) => {
		const wanted = { scope: "workspace", redirect_uris: ["http://localhost/callback"] };
		const client = (await request(`${origin}/_sandbox/clients`, json(wanted))).json();
		const query = new URLSearchParams({ client_id: client.client_id, response_type: "code", scope: "workspace" });
		assert.equal((await request(`${origin}/oauth2/auth?${query}`, { method: "HEAD" })).status, 302);
		for (const headers of [{ "sec-purpose": "prefetch;prerender" }, { purpose: "prefetch" }, { "X-Purpose": "preview" }, { "X-Moz": "Prefetch" }]) {
			const early = await request(`${origin}/oauth2/auth?${query}`, { headers });
			assert.deepEqual([early.status, early.headers["cache-control"]], [503, "no-store"]);
		}
		const answer = await request(`${origin}/oauth2/auth?${query}`);
		assert.match(answer.location, /^http:\/\/localhost\/callback\?code=/);
	});
});

test("200 requests a minute, then 429 with Retry-After", async () => {
	await withSandbox({}, async (origin) => {
		assert.equal((await request(`${origin}/v1beta/access-tokens`, quoted)).status, 200);
		const headers = await personalToken(origin);
		await request(`${origin}/_sandbox/clock`, json({ advance: 61 - (Date.now() / 1000) % 60 }));
		for (let i = 0; i < 200; i++)
			assert.equal((await request(`${origin}/v1beta/workspaces`, { headers })).status, 200);
		const answer = await request(`${origin}/v1beta/workspaces`, { headers });
		assert.equal(answer.status, 429);
		assert.equal(answer.json().code, 8);
		assert.match(answer.headers["retry-after"], /^([1-9]|[1-5]\d|60)$/);
	});
});

test("OP-07 the sandbox's secrets are others at each start, and its pages say what they are", async () => {
	const secrets = [];
	for (let i = 0; i < 2; i++)
		await withSandbox({}, async (origin) => {
			const wanted = { scope: "workspace", redirect_uris: ["http://localhost/callback"] };
			const client = (await request(`${origin}/_sandbox/clients`, json(wanted))).json();
			const headers = await personalToken(origin);
			const source = await request(`${origin}/v1beta/workspaces/business/sources/js`, { headers });
			secrets.push(client.client_secret, headers.authorization, ...source.json().write_keys);
			for (const page of ["/", "/login", "/assumptions", "/oauth2/auth?client_id=none"]) {
				const answer = await request(origin + page, { headers: { accept: "text/html" } });
				assert.match(answer.text, /SANDBOX: a local stand-in for Segment/, page);
			}
		});
	assert.equal(new Set(secrets).size, secrets.length);
});

test("docs/assumptions.md has what the sandbox assumes, word for word", async () => {
	const docs = readFileSync(path.join(top, "docs/assumptions.md"), "utf8").replaceAll("`", "");
	await withSandbox({}, async (origin) => {
		const page = (await request(`${origin}/assumptions`, { headers: { accept: "text/html" } })).text;
		const rows = [...page.matchAll(/<th scope="row" class="short">(.*?)<\/th><td>(.*?)<\/td>/g)];
		assert.ok(rows.length > 30);
		const plain = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
			.replaceAll("&#39;", "'").replaceAll("&amp;", "&");
		assert.deepEqual(docs.match(/^\| A\d+ \|.*$/gm), rows.map(([, number, text]) => `| ${number} | ${plain(text)} |`));
	});
});

for (const [name, settings] of [
	["--no-rate-limit", { flags: ["--no-rate-limit"] }],
	["SANDBOX_NO_RATE_LIMIT", { env: { SANDBOX_NO_RATE_LIMIT: "1" } }],
]) {
	test(`${name} answers them all`, async () => {
		await withSandbox(settings, async (origin) => {
			const headers = await personalToken(origin);
			for (let i = 0; i < 201; i++)
				assert.equal((await request(`${origin}/v1beta/workspaces`, { headers })).status, 200);
		});
	});
}

let sandbox;
before(async () => (sandbox = await startSandbox()));
after(() => sandbox.end());
beforeEach(() => control("reset"));

const control = async (path, value = {}) => {
	const answer = await request(`${sandbox.origin}/_sandbox/${path}`, json(value));
	assert.equal(answer.status, 200, answer.text);
};
const workspaces = (options) => request(`${sandbox.origin}/v1beta/workspaces`, options);
const state = async () => (await request(`${sandbox.origin}/_sandbox/requests`)).json();
const PATH = "/v1beta/workspaces";

test("a fault of mode reset resets the connection", async () => {
	await control("faults", { path: PATH, mode: "reset" });
	await assert.rejects(workspaces(), { code: "ECONNRESET" });
	assert.equal((await workspaces()).status, 401);
});

test("a fault of mode reset without a status: the request counts, its answer is lost", async () => {
	const made = await request(`${sandbox.origin}/v1beta/access-tokens`, json(WANTED, USER));
	await control("faults", { method: "POST", path: "/v1beta/access-tokens", mode: "reset" });
	await assert.rejects(request(`${sandbox.origin}/v1beta/access-tokens`, json(WANTED, USER)), { code: "ECONNRESET" });
	const last = await request(`${sandbox.origin}/v1beta/access-tokens`, json(WANTED, USER));
	assert.equal(made.json().name, "access-tokens/1");
	assert.equal(last.json().name, "access-tokens/3");
});

test("a fault of mode truncate ends in the middle of the body", async () => {
	await control("faults", { path: PATH, mode: "truncate", status: 200, body: "0123456789" });
	const text = await raw(sandbox.port, `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
	assert.match(text, /\r\nContent-Length: 10\r\n/i);
	assert.match(text, /\r\n\r\n01234$/);
});

test("a fault of mode wrong_length sends more than it says, and goes on", async () => {
	await control("faults", { path: PATH, mode: "wrong_length", status: 200, body: "0123456789" });
	const one = `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n`;
	const text = await raw(sandbox.port, `${one}\r\n${one}Connection: close\r\n\r\n`);
	assert.match(text, /\r\nContent-Length: 10\r\n[^]*\r\n0123456789HTTP\/1.1 200 OK\r\n/i);
	assert.match(text, /\{\}HTTP\/1.1 401 /);
});

test("a fault of mode drip sends byte by byte", async () => {
	await control("faults", { path: PATH, mode: "drip", status: 200, body: "01234" });
	const pieces = [];
	await new Promise((resolve, reject) => http.get(sandbox.origin + PATH, { agent: false }, (answer) => {
		answer.on("data", (piece) => pieces.push(piece.toString()));
		answer.on("end", resolve);
	}).on("error", reject));
	assert.equal(pieces.join(""), "01234");
	assert.ok(pieces.length > 2, pieces.join("|"));
});

test("a fault of mode bomb is 64 MiB of zeros, compressed with gzip", async () => {
	await control("faults", { path: PATH, mode: "bomb" });
	const bytes = await new Promise((resolve, reject) => http.get(sandbox.origin + PATH, { agent: false }, (answer) => {
		const chunks = [];
		answer.on("data", (chunk) => chunks.push(chunk));
		answer.on("end", () => resolve(Buffer.concat(chunks)));
	}).on("error", reject));
	assert.ok(bytes.length < 500_000);
	const inside = zlib.gunzipSync(bytes);
	assert.ok(inside.length > 64_000_000);
	assert.equal(inside.indexOf(1), -1);
});

test("a fault of mode hold answers once it is released", async () => {
	await control("faults", { path: PATH, mode: "hold", times: 3, status: 418 });
	const held = [workspaces(), workspaces(), workspaces()];
	await until(state, ({ held }) => held === 3);
	assert.equal((await workspaces()).status, 401);
	await control("release");
	for (const one of held) assert.equal((await one).status, 418);
	assert.equal((await state()).held, 0);
});

test("a barrier lets its requests go once the last one has come", async () => {
	await control("barrier", { method: "GET", path: PATH, count: 20 });
	const held = Array.from({ length: 19 }, () => workspaces());
	await until(state, ({ held }) => held === 19);
	assert.equal((await state()).counts[`GET ${PATH}`], undefined);
	held.push(workspaces());
	for (const one of held) assert.equal((await one).status, 401);
	assert.equal((await workspaces()).status, 401);
	assert.equal((await state()).counts[`GET ${PATH}`], 21);
});

test("a reset lets go what is held", async () => {
	await control("faults", { path: PATH, mode: "hold" });
	const held = workspaces();
	await until(state, ({ held }) => held === 1);
	await control("reset");
	assert.equal((await held).status, 401);
});

test("OP-01 a second signal ends what is held or late at once", async () => {
	const { origin, child, end } = await startSandbox();
	await request(`${origin}/_sandbox/faults`, json({ method: "GET", path: PATH, mode: "hold" }));
	await request(`${origin}/_sandbox/faults`, json({ method: "GET", path: "/v1beta/catalog/*", delay_ms: 60000 }));
	const held = [PATH, "/v1beta/catalog/sources"].map((path) => request(origin + path).catch(() => undefined));
	await until(() => request(`${origin}/_sandbox/requests`), (answer) => answer.json().held === 1);
	const begun = Date.now();
	child.kill("SIGTERM");
	await until(() => request(`${origin}/healthz`).catch(() => undefined), (answer) => answer?.status !== 200);
	await end();
	assert.ok(Date.now() - begun < 10000, "sooner than with one signal");
	await Promise.all(held);
});

test("the clock goes forward", async () => {
	const before = (await request(`${sandbox.origin}/_sandbox/clock`, json({ advance: 0 }))).json().now;
	const later = (await request(`${sandbox.origin}/_sandbox/clock`, json({ advance: 3600 }))).json().now;
	const seconds = (Date.parse(later) - Date.parse(before)) / 1000;
	assert.ok(seconds >= 3600 && seconds < 3660, String(seconds));
});

/** Has the source `js` deliver to a webhook that answers what `answer(n)` says; { got, track, end }. */
async function withReceiver(answer) {
	const got = [];
	const receiver = http.createServer((req, res) => {
		const chunks = [];
		req.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
			got.push({ headers: req.headers, body: Buffer.concat(chunks) });
			res.writeHead(answer(got.length)).end();
		});
	}).listen(0, "127.0.0.1");
	await once(receiver, "listening");
	const headers = await personalToken(sandbox.origin);
	const api = (path, options) => request(`${sandbox.origin}/v1beta/workspaces/business/sources/js${path}`, options);
	const name = "workspaces/business/sources/js/destinations/webhooks";
	const config = [
		{ name: `${name}/config/sharedSecret`, value: "abc123" },
		{ name: `${name}/config/hooks`, value: [{ hook: `http://127.0.0.1:${receiver.address().port}/hook` }] },
	];
	const made = await api("/destinations", json({ destination: { name, enabled: true, config } }, headers));
	assert.equal(made.status, 200, made.text);
	const [writeKey] = (await api("", { headers })).json().write_keys;
	const track = async () => {
		const sent = await request(`${sandbox.origin}/v1/track`, json({ writeKey, userId: "Zoë", event: "日本" }));
		assert.deepEqual(sent.json(), { success: true });
	};
	return { got, track, end: () => { receiver.closeAllConnections(); receiver.close(); } };
}

test("conformance 68 an event sent to the intake arrives at a webhook, signed", async () => {
	const { got, track, end } = await withReceiver(() => 200);
	await track();
	end();
	assert.equal(got.length, 1);
	assert.equal(got[0].headers["user-agent"], "Segment.io/1.0");
	assert.equal(got[0].headers["x-signature"], createHmac("sha1", "abc123").update(got[0].body).digest("hex"));
	const event = JSON.parse(got[0].body);
	assert.equal(event.event, "日本");
	assert.equal(JSON.stringify(event), got[0].body.toString());
});

test("what a webhook did not take comes again when the sandbox's clock says so", async () => {
	const { got, track, end } = await withReceiver((n) => (n < 3 ? 503 : 200));
	await track();
	assert.equal(got.length, 1);
	await until(() => control("clock", { advance: 60 }), () => got.length >= 3);
	end();
	assert.deepEqual(got[2].body, got[0].body);
	const { events } = (await request(`${sandbox.origin}/_sandbox/events`)).json();
	assert.match(events[0].outcomes.webhooks, /awaiting|delivered at attempt 3/);
});
