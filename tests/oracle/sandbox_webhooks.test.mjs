// The sandbox's Webhooks (Actions) sends what Segment's own destination sends: the same method, headers, bytes and
// signature, for single events and in batches.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { during, json, request, startSandbox } from "../http/harness.mjs";
import { oracle, Random } from "./cases.mjs";

const core = oracle("@segment/actions-core");
const webhook = oracle("@segment/action-destinations/dist/destinations/webhook");
const skip = core.skip ?? webhook.skip;

const SOURCE = "workspaces/business/sources/js", NAME = `${SOURCE}/destinations/actions-webhook`;
const USER = { authorization: `Basic ${Buffer.from("user@example.com:password").toString("base64")}` };
const WANTED = { access_token: { description: "d", scopes: "workspace", workspace_names: ["workspaces/business"] } };
const VALUES = ["general", "", "Zoë 日本 🔥", "a/b \"c\" \\ \u2028", 5, 1.5, 1e21, 1e-7, -1, true, null, ["a", 1], { a: { b: [1, null] } }, {}];

/** A server that keeps each request with its bytes. */
async function openReceiver() {
	const got = [];
	const server = http.createServer((req, res) => {
		const chunks = [];
		req.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
			got.push({ method: req.method, headers: req.headers, body: Buffer.concat(chunks).toString() });
			res.writeHead(200).end();
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${server.address().port}/events?x=1`,
		take: () => got.splice(0),
		close: () => { server.closeAllConnections(); server.close(); },
	};
}

/** A request with what a destination decides; the rest is the HTTP client's. */
function shown({ method, headers, body }) {
	const own = Object.entries(headers).filter(([name]) => !/^(accept|accept-encoding|content-length|host|connection)$/.test(name));
	return { method, body, headers: Object.fromEntries(own) };
}

const event = (random, n) => ({
	type: "track", event: random.pick(["Signed Up", "Ünïcode 🔥"]), userId: "u1", messageId: `${n}`,
	properties: Object.fromEntries(["channel", "total", "b", "a"].filter(() => random.chance(0.7))
		.map((name) => [name, random.pick(VALUES)]).concat([["n", n]])),
});

const CASES = [
	{},
	{ sharedSecret: "secret-of-a-test" },
	{ method: "PUT", sharedSecret: "secret-of-a-test" },
	{ method: "PATCH", headers: { Own: "1", "User-Agent": "own" } },
	{ sharedSecret: "secret-of-a-test", headers: { "X-Signature": "own", "content-type": "application/own" } },
	{ sharedSecret: "secret-of-a-test", enable_batching: true },
	{ method: "PUT", enable_batching: true, headers: { Own: "Zoe" } },
];

test("Webhooks (Actions): the sandbox's requests are those of Segment's code", { skip }, async (t) => {
	const receiver = await openReceiver(), sandbox = await startSandbox();
	const api = (path, options) => request(`${sandbox.origin}/v1beta/${path}`, options);
	const random = new Random(7);
	let made = 0;
	await during(async () => {
		const token = (await api("access-tokens", json(WANTED, USER))).json().token, headers = { authorization: `Bearer ${token}` };
		const [writeKey] = (await api(SOURCE, { headers })).json().write_keys;
		const base = { trigger: 'type = "track"', url: receiver.url, data: { "@path": "$.properties" } };
		for (const [round, settings] of CASES.entries()) {
			const config = Object.entries({ ...base, ...settings }).map(([name, value]) => ({ name: `${NAME}/config/${name}`, value }));
			const destination = await api(`${SOURCE}/destinations`, json({ destination: { name: NAME, enabled: true, config } }, headers));
			assert.equal(destination.status, 200, destination.text);
			const events = Array.from({ length: 40 }, (_, n) => event(random, round * 100 + n));
			const sent = await request(`${sandbox.origin}/v1/batch`, json({ writeKey, batch: events }));
			assert.equal(sent.status, 200, sent.text);
			const ours = receiver.take();
			assert.equal(ours.length, settings.enable_batching ? 1 : events.length);

			// Segment's code gets the events with their members in the order in which the sandbox sent them.
			const data = ours.flatMap(({ body }) => JSON.parse(body));
			const same = data.map((properties, n) => ({ ...events[n], properties }));
			data.forEach((properties, n) => assert.deepEqual(properties, events[n].properties));
			const { sharedSecret, ...mapping } = { method: "POST", ...base, ...settings };
			delete mapping.trigger;
			const integration = core.package.createTestIntegration(webhook.package.default);
			if (settings.enable_batching) {
				await integration.testBatchAction("send", { events: same, mapping, settings: { sharedSecret } });
			} else {
				for (const one of same) await integration.testAction("send", { event: one, mapping, settings: { sharedSecret } });
			}
			assert.deepEqual(ours.map(shown), receiver.take().map(shown), JSON.stringify(settings));
			made += ours.length;
			assert.equal((await api(NAME, { method: "DELETE", headers })).status, 200);
		}
	}, async () => {
		receiver.close();
		await sandbox.end();
	});
	t.diagnostic(`${made} requests`);
});
