// The shipped destinations that Segment has too: the same event and mapping through its code and through ours make the
// same request, byte by byte, or are refused by both; and their manifests say the same.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { run, top } from "../http/harness.mjs";
import { oracle, Random } from "./cases.mjs";
import { kept } from "./definitions.mjs";

const core = oracle("@segment/actions-core"), nock = oracle("nock");
const slack = oracle("@segment/action-destinations/dist/destinations/slack");
const webhook = oracle("@segment/action-destinations/dist/destinations/webhook");
const skip = core.skip ?? nock.skip ?? slack.skip ?? webhook.skip;
const EVENTS = 150; // of each mapping
const BATCHES = 8; // of each mapping
const SECRET = "shared-secret-of-a-test";
const APP = path.join(top, "lua/app");

const folder = mkdtempSync(path.join(tmpdir(), "partnerapp-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The stories of ours: one process for all events. */
async function ours(slug, action, events, mapping, more = []) {
	const files = [["events.json", events], ["mapping.json", mapping]].map(([name, value]) => {
		writeFileSync(path.join(folder, name), JSON.stringify(value));
		return path.join(folder, name);
	});
	const args = ["try", slug, action, "--app", APP, "-e", files[0], "--mapping", files[1], "--json", ...more];
	const { out, err } = await run(args, { cwd: folder });
	assert.match(err, /^app: .*\n$/);
	return out.trim().split("\n").map((line) => JSON.parse(line));
}

/** The requests that Segment's code makes while `call` runs, with their bodies as they are sent, and what it raised. */
async function theirs(call) {
	const requests = [];
	let text = "";
	nock.package.disableNetConnect();
	for (const method of ["POST", "PUT", "PATCH"]) {
		// The body that `reply` gets is decoded JSON. Only the filter sees the bytes, when a body is asked for.
		const scope = nock.package(/.*/).persist().filteringRequestBody((body) => (text = body));
		scope.intercept(/.*/, method, () => true).reply(function reply(uri) {
			requests.push({ method, url: `https://${this.req.headers.host}${uri}`, headers: this.req.headers, body: text });
			return [200, "{}"];
		});
	}
	try {
		await call();
		return { requests };
	} catch (error) {
		return { requests, error };
	} finally {
		nock.package.cleanAll();
		nock.package.enableNetConnect();
	}
}

/** A request with what counts: method, URL, body, and the headers that a destination sets, credentials masked as in `try`. */
function shown({ method, url, headers, body }) {
	const names = Object.keys(headers).filter((name) => !/^(accept|accept-encoding|content-length|host|connection)$/.test(name)).sort();
	return {
		method, url, body: body ?? "",
		headers: names.map((name) => [name, String(headers[name]).replace(/^(Bearer|Basic) .*/, "$1")]),
	};
}

/** Whether the signature of a request fits the bytes of `signed`. */
function isSigned(request, signed) {
	const wanted = createHmac("sha1", SECRET).update(signed).digest("hex");
	assert.equal(shown(request).headers.find(([name]) => name === "x-signature")?.[1], wanted);
}

const VALUES = [
	"general", "", "Zoë 日本 🔥", 5, 1.5, 1e21, 0, -1, true, false, null, undefined, ["a", 1], { a: { b: [1, null] } }, "x".repeat(300),
];

function event(random) {
	const properties = {};
	for (const name of ["channel", "total", "b", "a", "10", "9"]) {
		if (random.chance(0.6)) properties[name] = random.pick(VALUES);
	}
	if (random.chance(0.7)) properties.object = { b: random.pick(VALUES), a: "</script>\u2028", 2: [], 1: {} };
	// With the members that Segment's test helper would add.
	return JSON.parse(JSON.stringify(core.package.createTestEvent({
		messageId: `m-${random.below(1e6)}`, type: "track", event: random.pick(["Signed Up", "Order Completed", "Ünïcode 🔥"]),
		userId: random.pick(["u1", "u2"]), properties, timestamp: "2026-01-15T09:30:00.500Z",
	})));
}

/** Compares event by event; both refuse, or both make the same request. `judge` gets what was made, and its event. */
async function compare(destination, action, slug, events, mapping, settings, { more, judge = () => {} } = {}) {
	const stories = await ours(slug, action, events, mapping, more);
	let made = 0;
	for (const [i, one] of events.entries()) {
		const integration = core.package.createTestIntegration(destination);
		const their = await theirs(() => integration.testAction(action, { event: one, mapping, settings }));
		const story = stories[i].actions[0], what = `${JSON.stringify(mapping)}\n${JSON.stringify(one)}`;
		assert.equal(story.outcome.delivered, !their.error, `${what}: ${their.error?.message} / ${story.outcome.message}`);
		if (their.error?.code) assert.equal(story.outcome.code, their.error.code, what);
		assert.deepEqual(story.requests.map(shown), their.requests.map(shown), what);
		story.requests.forEach(judge);
		made += their.requests.length;
	}
	return made;
}

test("Slack: the same message, or both refuse", { skip }, async (t) => {
	const random = new Random(1), url = "https://hooks.slack.com/services/T0/B0/x";
	let made = 0;
	for (const mapping of [
		{ url, text: { "@template": "{{event}} by {{userId}}: {{properties.total}}" }, channel: { "@path": "$.properties.channel" } },
		{ url, text: { "@path": "$.properties.total" }, username: { "@if": { exists: { "@path": "$.properties.a" }, then: "A", else: "B" } } },
		{ url: { "@path": "$.properties.channel" }, text: "fixed" },
		{ url: "https://evil.example/hooks.slack.com", text: "x" },
		{ icon_url: { "@path": "$.properties.b" }, username: "u", text: { "@case": { operator: "upper", value: { "@path": "$.event" } } }, url },
	]) {
		const events = Array.from({ length: EVENTS }, () => event(random));
		made += await compare(slack.package.default, "postToChannel", "actions-slack", events, mapping, {});
	}
	t.diagnostic(`${5 * EVENTS} events, ${made} requests`);
	assert.ok(made > EVENTS);
});

const SIGNED = ["--setting", `sharedSecret=${SECRET}`];

test("Webhook: the same request, bytes and signature", { skip }, async (t) => {
	const random = new Random(2), url = "https://receiver.example/events?x=1";
	let made = 0;
	for (const mapping of [
		{ url, method: "POST", data: { "@path": "$." } },
		{ url, method: "PUT", data: { "@path": "$.properties" }, headers: { "X-Own": { "@path": "$.userId" } } },
		{ url, method: { "@path": "$.properties.a" }, data: { "@flatten": { value: { "@path": "$.properties" }, separator: "." } } },
		{ url, method: "PATCH", data: { "@path": "$.properties.object" }, headers: { "X-Total": { "@path": "$.properties.total" } } },
	]) {
		const events = Array.from({ length: EVENTS }, () => event(random));
		made += await compare(webhook.package.default, "send", "actions-webhook", events, mapping, { sharedSecret: SECRET }, {
			more: SIGNED,
			judge: (request) => request.body && isSigned(request, request.body),
		});
	}
	t.diagnostic(`${4 * EVENTS} events, ${made} requests`);
	assert.ok(made > EVENTS);
});

test("Webhook: headers of a customer's own", { skip }, async () => {
	const random = new Random(4), url = "https://receiver.example/events";
	for (const headers of [
		{ "User-Agent": "own", "content-type": "text/plain", "X-Signature": "own" },
		{ "X-Number": 1.5, "X-Whole": 5, "X-Large": 1e21, "X-True": true, "X-Null": null, "X-List": ["a", 1], "X-Object": { a: 1 } },
		{ "X-Twice": "a", "x-twice": "b", "X-Undefined": "undefined", "X-Empty": "" },
		{ "x-b": "2", "X-A": "1", Authorization: "Basic eDp5" }, { "X-é": "a" },
		{ "a b": "x" }, { "": "x" }, { "X-A": "日" }, { "X-A": "a\nb" }, { "X-A": "a\u007f" }, { "X-A": "tab\there" },
	]) {
		const mapping = { url, method: "POST", data: { "@path": "$.properties" }, headers };
		await compare(webhook.package.default, "send", "actions-webhook", [event(random)], mapping, { sharedSecret: SECRET }, { more: SIGNED });
	}
});

test("Webhook: without a secret nothing is signed", { skip }, async () => {
	const mapping = { url: "https://receiver.example/events", method: "POST", data: { "@path": "$." } };
	for (const settings of [{}, { sharedSecret: "" }]) {
		const more = "sharedSecret" in settings ? ["--setting", "sharedSecret="] : [];
		const made = await compare(webhook.package.default, "send", "actions-webhook", [event(new Random(5))], mapping, settings, {
			more,
			judge: (request) => assert.ok(!("x-signature" in request.headers)),
		});
		assert.equal(made, 1);
	}
});

test("Webhook: a batch is one request, signed over its first event", { skip }, async () => {
	const random = new Random(3), url = "https://receiver.example/events";
	let signed = 0;
	for (const mapping of [
		{ url, method: "POST", data: { "@path": "$." } },
		{ url, method: "PUT", data: { "@path": "$.properties.object" }, headers: { "X-Own": "1" } },
		{ url, method: "PATCH", data: { "@path": "$.properties" }, batch_size: 0, batch_keys: ["url", "method", "headers"] },
	]) {
		for (let round = 0; round < BATCHES; round++) {
			const events = random.many(2, 9, () => event(random));
			const stories = await ours("actions-webhook", "send", events, mapping, ["--batch", ...SIGNED]);
			const integration = core.package.createTestIntegration(webhook.package.default);
			const their = await theirs(() => integration.testBatchAction("send", { events, mapping, settings: { sharedSecret: SECRET } }));
			assert.equal(their.error, undefined);
			const [request] = stories[0].actions[0].requests;
			assert.deepEqual([request].map(shown), their.requests.map(shown));
			const first = JSON.stringify(JSON.parse(request.body)[0]);
			assert.ok(request.body.startsWith(`[${first}`));
			if (first === "null") continue; // an event without data: nothing is signed
			isSigned(request, first);
			signed++;
		}
	}
	assert.ok(signed > BATCHES);
});

test("Webhook: a batch has at most batch_size events, and the same values in batch_keys", { skip }, async () => {
	const random = new Random(6), mapping = {
		url: { "@template": "https://receiver.example/{{userId}}" }, method: "POST", data: { "@path": "$." },
		batch_size: 3, batch_keys: ["url"],
	};
	const events = Array.from({ length: 20 }, () => event(random));
	const stories = await ours("actions-webhook", "send", events, mapping, ["--batch", ...SIGNED]);
	const requests = stories.flatMap(({ actions }) => actions[0].requests).filter((one) => !one.batch_of_event);
	const wanted = ["u1", "u2"].flatMap((user) => {
		const own = events.filter(({ userId }) => userId === user);
		return Array.from({ length: Math.ceil(own.length / 3) }, (_, i) => own.slice(3 * i, 3 * i + 3));
	});
	// Segment's own code for each of them; one event alone is not a list.
	const their = [];
	for (const list of wanted) {
		const integration = core.package.createTestIntegration(webhook.package.default);
		const asked = { mapping, settings: { sharedSecret: SECRET } };
		their.push(...(await theirs(() => (list.length === 1
			? integration.testAction("send", { ...asked, event: list[0] })
			: integration.testBatchAction("send", { ...asked, events: list })))).requests);
	}
	const sorted = (list) => list.map((one) => JSON.stringify(shown(one))).sort();
	assert.deepEqual(sorted(requests), sorted(their));
	assert.ok(requests.length >= 7);
});

/** A manifest without descriptions: ours are in our own words. */
function undescribed(value) {
	if (Array.isArray(value)) return value.map(undescribed);
	if (value === null || typeof value !== "object") return value;
	return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "description")
		.map(([name, one]) => [name, undescribed(one)]));
}

for (const [slug, their] of [["actions-slack", slack], ["actions-webhook", webhook]]) {
	test(`the manifest of ${slug} is Segment's but for its descriptions`, { skip }, async () => {
		const { code, out } = await run(["manifest", slug, "--app", APP], { cwd: folder });
		assert.equal(code, 0);
		const [ours, wanted] = [JSON.parse(out), JSON.parse(JSON.stringify(their.package.default))].map(kept).map(undescribed);
		assert.deepEqual(ours, wanted);
		const fields = (manifest) => Object.values(manifest.actions).map((action) => Object.keys(action.fields));
		assert.deepEqual(fields(JSON.parse(out)), fields(their.package.default)); // in the same order
	});
}
