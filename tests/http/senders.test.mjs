// Segment's server library, and what its other libraries put on the wire, into the sandbox. Those of browsers are in
// browser/senders.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Analytics } from "@segment/analytics-node";
import { json, request } from "./harness.mjs";
import { hasItsStories, startSenders } from "./senders.mjs";

let sandbox;
before(async () => (sandbox = await startSenders()));
after(() => sandbox.end());
afterEach(() => void (sandbox.calls.length = 0));

test("track, identify and page of @segment/analytics-node reach one of three destinations", async () => {
	const analytics = new Analytics({ writeKey: sandbox.key, host: sandbox.origin, maxEventsInBatch: 3 });
	const failures = [];
	analytics.on("error", (error) => failures.push(error));
	analytics.track({ userId: "u1", event: "Order Completed" });
	analytics.identify({ userId: "u1", traits: { plan: "pro" } });
	analytics.page({ userId: "u1", name: "Home" });
	await analytics.closeAndFlush();
	assert.deepEqual(failures, []);
	const events = (await sandbox.events()).slice(-3);
	assert.deepEqual(events.map(({ event }) => event.type), ["track", "identify", "page"]);
	for (const event of events) await hasItsStories(sandbox, event);
	assert.deepEqual(sandbox.calls, [
		{ url: "/whole", body: { type: "track", name: "Order Completed", user: "u1" } },
		{ url: "/whole", body: { type: "identify", user: "u1" } },
		{ url: "/whole", body: { type: "page", user: "u1" } },
	]);
});

const EVENT = { type: "track", event: "E", userId: "u1" };
const SENT = [{ url: "/whole", body: { type: "track", name: "E", user: "u1" } }];

test("a batch that is packed with gzip, at /v1/import", async () => {
	const answer = await request(`${sandbox.origin}/v1/import`, {
		method: "POST",
		headers: { "content-type": "application/json", "content-encoding": "gzip", authorization: `Basic ${btoa(`${sandbox.key}:`)}` },
		body: gzipSync(JSON.stringify({ batch: [EVENT] })),
	});
	assert.deepEqual([answer.status, answer.json()], [200, { success: true }]);
	assert.deepEqual(sandbox.calls, SENT);
	await hasItsStories(sandbox, (await sandbox.events()).at(-1));
});

test("a pixel", async () => {
	const data = encodeURIComponent(btoa(JSON.stringify({ ...EVENT, writeKey: sandbox.key })));
	const answer = await request(`${sandbox.origin}/v1/pixel/track?data=${data}`);
	assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "image/gif"]);
	assert.deepEqual(sandbox.calls, SENT);
	await hasItsStories(sandbox, (await sandbox.events()).at(-1));
});

test("TO-01 a text that was cut inside of an emoji, and a number beyond 64 bits", async () => {
	const analytics = new Analytics({ writeKey: sandbox.key, host: sandbox.origin });
	const failures = [];
	analytics.on("error", (error) => failures.push(error));
	analytics.track({ userId: "u1", event: "x🔥".substring(0, 2), properties: { id: 2 ** 64, ["🔥".substring(1)]: 1 } });
	await analytics.closeAndFlush();
	assert.deepEqual(failures, []);
	assert.deepEqual(sandbox.calls, [{ url: "/whole", body: { type: "track", name: "x\ufffd", user: "u1" } }]);
	const { event } = (await sandbox.events()).at(-1);
	assert.deepEqual(event.properties, { id: 2 ** 64, "\ufffd": 1 });
});

test("nothing is delivered without the write key", async () => {
	for (const writeKey of [undefined, "", sandbox.key.toUpperCase(), `${sandbox.key}x`]) {
		const answer = await request(`${sandbox.origin}/v1/t`, json({ ...EVENT, writeKey }, { "content-type": "text/plain" }));
		assert.equal(answer.status, 200);
		assert.deepEqual((await sandbox.events()).at(-1).outcomes, { dropped: "unknown_source" });
	}
	assert.deepEqual(sandbox.calls, []);
});

test("a library that is told a wrong host asks for what there is not: the terminal says what to tell it", async () => {
	const { host } = new URL(sandbox.origin);
	for (const [asked, message] of [
		["/v1/v1/batch", "did you mean /v1/batch? The host of this library is to be told without /v1."],
		["/t", `did you mean /v1/t? apiHost of analytics.js is ${host}/v1, with /v1 at its end.`],
	]) {
		const preflight = { method: "OPTIONS", headers: { origin: "https://shop.example", "access-control-request-method": "POST" } };
		const answers = [];
		const line = await sandbox.server.logs(message, () => answers.push(request(sandbox.origin + asked, preflight)));
		assert.match(line, new RegExp(`there is no ${asked}: `));
		assert.equal((await answers[0]).status, 404);
	}
});
