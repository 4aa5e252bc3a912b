// Who may make `partnerapp actions` send, and which secrets its answers and its log keep to themselves.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { errorOf, EVENT, SEGMENT, startActions } from "./actions_server.mjs";
import { raw, request } from "./harness.mjs";

let server, settings;
before(async () => {
	server = await startActions();
	settings = server.settings;
});
after(() => server.end());
beforeEach(() => {
	server.api.seen.length = server.api.next.length = 0;
});

describe("who may call", () => {
	const body = () => JSON.stringify({ payload: EVENT, settings });
	const type = { "content-type": "application/json" };

	test("HT-31 HT-05 HT-22 another Host, Origin or content type sends nothing", async () => {
		const port = server.port;
		for (const [status, headers] of [
			[421, { ...type, host: `evil.example:${port}` }], [421, { ...type, host: `127.0.0.1.nip.io:${port}` }],
			[421, { ...type, host: "localhost" }], [421, { ...type, host: `localhost:${port + 1}` }],
			[421, { ...type, host: `[::1]:${port}` }], [421, { ...type, host: `sub.localhost:${port}` }],
			[403, { ...type, origin: "https://evil.example" }], [403, { ...type, origin: "null" }],
			[403, { ...type, origin: `http://localhost:${port}` }], [403, { ...type, origin: "http://app.segment.com" }],
			[403, { ...type, origin: "https://app.segment.com.evil.example" }], [403, { ...type, origin: "https://app.segment.com:444" }],
			[403, { ...type, origin: "http://127.0.0.1:8000" }], [403, { "content-type": "text/plain", origin: "https://evil.example" }],
			[415, { "content-type": "text/plain" }], [415, { "content-type": "application/x-www-form-urlencoded" }],
			[415, {}], [415, { "content-type": "text/plain", origin: SEGMENT }], [415, { "content-type": "application/jsonp" }],
			[415, { "content-type": "multipart/form-data; boundary=application/json" }],
		]) {
			for (const address of ["/track", "/authenticate", "/delete", "/track/list", "/refreshAccessToken"]) {
				const answer = await request(server.url + address, { method: "POST", headers, body: body() });
				assert.equal(answer.status, status, `${address} ${JSON.stringify(headers)}`);
				if (headers.origin !== SEGMENT) assert.equal(answer.headers["access-control-allow-origin"], undefined);
			}
		}
		const twice = await raw(port, `POST /track HTTP/1.1\r\nHost: localhost:${port}\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n`);
		assert.match(twice, /^HTTP\/1\.1 400 /);
		assert.equal((await request(`${server.url}/manifest`, { headers: { origin: "https://evil.example" } })).status, 403);
		assert.equal(server.api.seen.length, 0);
	});

	test("HT-31 the pages of Segment's tools may call, and read the answers", async () => {
		for (const origin of [SEGMENT, "https://eu1.app.segment.com", "https://app.segment.build", "https://eu1.app.segment.build", "http://localhost:8000"]) {
			const asked = await request(`${server.url}/track`, { method: "OPTIONS", headers: {
				origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-own",
				"access-control-request-private-network": "true",
			} });
			assert.equal(asked.status, 204);
			const allowed = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => name.startsWith("access-control")));
			assert.deepEqual(allowed, {
				"access-control-allow-origin": origin, "access-control-allow-methods": "OPTIONS, POST", "access-control-max-age": "600",
				"access-control-allow-headers": "content-type,x-own", "access-control-allow-private-network": "true",
			});
			const answer = await server.post("/track", { payload: EVENT, settings }, { origin, "sec-fetch-site": "cross-site" });
			assert.deepEqual([answer.status, answer.headers["access-control-allow-origin"]], [200, origin]);
			const failed = await server.post("/track", { payload: { event: "bug" } }, { origin });
			assert.equal(failed.headers["access-control-allow-origin"], origin);
		}
		const other = await request(`${server.url}/track`, { method: "OPTIONS", headers: {
			origin: "https://evil.example", "access-control-request-method": "POST", "access-control-request-private-network": "true",
		} });
		assert.deepEqual([other.status, other.headers["access-control-allow-private-network"]], [403, undefined]);
		const named = await server.post("/track", { payload: EVENT, settings }, { host: `127.0.0.1:${server.port}` });
		assert.equal(named.status, 200);
	});
});

test("HT-31 settings come with the request, never from .env or the environment", async () => {
	await server.post("/track", { payload: EVENT, settings: { base: server.api.origin } });
	assert.equal(server.api.seen[0].url, "/events?key=nil");
	await server.post("/track", { payload: EVENT, settings: { base: server.api.origin, api_key: null } });
	assert.equal(server.api.seen[1].url, "/events?key=nil");
	assert.match(errorOf(await server.post("/track", { payload: EVENT })).message, /has no host/);
});

test("HT-31 LG-01 no answer and no log line has a secret of the request", async () => {
	const key = "s3cret/key+of=customer", token = "t0ken-of-a-customer-2";
	const own = { api_key: key, base: server.api.origin };
	const from = server.err.length;
	for (const status of [200, 500]) {
		for (const auth of [undefined, { accessToken: token }]) {
			const echo = JSON.stringify({ label: `of ${key}`, [key]: [key, { token, basic: Buffer.from(`user:${key}`).toString("base64") }] });
			for (let i = 0; i < 3; i++) {
				server.api.next.push({ status, body: echo, headers: { "x-echo": key, "x-url": encodeURIComponent(key), location: `/?k=${token}` } });
			}
			const answers = [
				await server.post("/track", { payload: { ...EVENT, userId: key }, settings: own, auth }),
				await server.post("/authenticate", { ...own, oauth: auth && { access_token: token } }),
				await server.post("/track/list", { payload: {}, settings: own, auth }),
			];
			for (const { text } of answers) {
				for (const secret of [key, encodeURIComponent(key), Buffer.from(`user:${key}`).toString("base64"), auth && token]) {
					assert.ok(!secret || !text.includes(secret), text);
				}
			}
		}
	}
	assert.ok(!server.err.slice(from).includes(key) && !server.err.slice(from).includes(token));
	assert.equal(server.api.seen.length, 12);
});

test("SS-03 private addresses are refused", async () => {
	for (const base of ["http://127.0.0.1:1", "http://10.0.0.1", "http://169.254.169.254", "http://[::1]:3000", "http://localhost:3000"]) {
		const refused = errorOf(await server.post("/track", { payload: EVENT, settings: { ...settings, base } }));
		assert.match(refused.message, /private address.*HTTP_ALLOW/);
	}
});
