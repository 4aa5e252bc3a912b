// Destinations that Segment has too: the same event and mapping through its code and through ours make the same request,
// or are refused by both.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { run, top } from "../http/harness.mjs";
import { oracle, Random } from "./cases.mjs";

const core = oracle("@segment/actions-core"), nock = oracle("nock");
const slack = oracle("@segment/action-destinations/dist/destinations/slack");
const webhook = oracle("@segment/action-destinations/dist/destinations/webhook");
const skip = core.skip ?? nock.skip ?? slack.skip ?? webhook.skip;
const EVENTS = 150; // of each mapping
const SECRET = "shared-secret-of-a-test";

const folder = mkdtempSync(path.join(tmpdir(), "partnerapp-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The stories of ours: one process for all events. */
async function ours(slug, action, events, mapping, more = []) {
	const files = [["events.json", events], ["mapping.json", mapping]].map(([name, value]) => {
		writeFileSync(path.join(folder, name), JSON.stringify(value));
		return path.join(folder, name);
	});
	const args = ["try", slug, action, "--app", path.join(top, "tests/oracle/app"), "-e", files[0], "--mapping", files[1], "--json", ...more];
	const { out, err } = await run(args, { cwd: folder });
	assert.match(err, /^app: .*\n$/);
	return out.trim().split("\n").map((line) => JSON.parse(line));
}

/** The requests that Segment's code makes while `call` runs, and what it raised. */
async function theirs(call) {
	const requests = [];
	nock.package.disableNetConnect();
	for (const method of ["POST", "PUT", "PATCH"]) {
		nock.package(/.*/).persist().intercept(/.*/, method).reply(function reply(uri, body) {
			requests.push({ method, url: `https://${this.req.headers.host}${uri}`, headers: this.req.headers, body });
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

/** A request with what counts: method, URL, body, and the headers that a destination sets. */
function shown({ method, url, headers, body }) {
	const names = Object.keys(headers).filter((name) => !/^(accept|accept-encoding|content-length|host|connection)$/.test(name)).sort();
	return {
		method, url, body: typeof body === "string" ? JSON.parse(body) : body,
		headers: names.map((name) => [name, String(headers[name]).replace(/^Bearer .*/, "Bearer")]),
	};
}

const VALUES = [
	"general", "", "Zoë 日本 🔥", 5, 1.5, 1e21, 0, -1, true, false, null, undefined, ["a", 1], { a: { b: [1, null] } }, "x".repeat(300),
];

function event(random) {
	const properties = {};
	for (const name of ["channel", "total", "b", "a", "10", "9"]) {
		if (random.chance(0.6)) properties[name] = random.pick(VALUES);
	}
	// With the members that Segment's test helper would add.
	return JSON.parse(JSON.stringify(core.package.createTestEvent({
		messageId: `m-${random.below(1e6)}`, type: "track", event: random.pick(["Signed Up", "Order Completed", "Ünïcode 🔥"]),
		userId: random.pick(["u1", "u2"]), properties, timestamp: "2026-01-15T09:30:00.500Z",
	})));
}

/** Compares event by event; both refuse, or both make the same request. */
async function compare(destination, action, slug, ourAction, events, mapping, settings, more) {
	const stories = await ours(slug, ourAction, events, mapping, more);
	let made = 0;
	for (const [i, one] of events.entries()) {
		const integration = core.package.createTestIntegration(destination);
		const their = await theirs(() => integration.testAction(action, { event: one, mapping, settings }));
		const story = stories[i].actions[0];
		assert.equal(story.outcome.delivered, !their.error, `${JSON.stringify(one)}: ${their.error?.message} / ${story.outcome.message}`);
		assert.deepEqual(story.requests.map(shown), their.requests.map(shown), JSON.stringify(one));
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
		{ url, text: { "@case": { operator: "upper", value: { "@path": "$.event" } } }, icon_url: { "@path": "$.properties.b" } },
	]) {
		const events = Array.from({ length: EVENTS }, () => event(random));
		made += await compare(slack.package.default, "postToChannel", "slack", "post_to_channel", events, mapping, {});
	}
	t.diagnostic(`${5 * EVENTS} events, ${made} requests`);
	assert.ok(made > EVENTS);
});

test("Webhook: the same request, bytes and signature", { skip }, async (t) => {
	const random = new Random(2), url = "https://receiver.example/events?x=1";
	let made = 0;
	for (const mapping of [
		{ url, method: "POST", data: { "@path": "$." } },
		{ url, method: "PUT", data: { "@path": "$.properties" }, headers: { "X-Own": { "@path": "$.userId" } } },
		{ url, method: { "@path": "$.properties.a" }, data: { "@flatten": { value: { "@path": "$.properties" }, separator: "." } } },
	]) {
		const events = Array.from({ length: EVENTS }, () => event(random));
		made += await compare(webhook.package.default, "send", "webhook", "send", events, mapping, { sharedSecret: SECRET },
			["--setting", `shared_secret=${SECRET}`]);
	}
	t.diagnostic(`${3 * EVENTS} events, ${made} requests`);
	assert.ok(made > EVENTS);
});

test("Webhook: a batch is one request, signed over its first event", { skip }, async () => {
	const random = new Random(3), mapping = { url: "https://receiver.example/events", method: "POST", data: { "@path": "$." } };
	for (let round = 0; round < 20; round++) {
		const events = random.many(2, 9, () => event(random));
		const stories = await ours("webhook", "send", events, mapping, ["--batch", "--setting", `shared_secret=${SECRET}`]);
		const integration = core.package.createTestIntegration(webhook.package.default);
		const their = await theirs(() => integration.testBatchAction("send", { events, mapping, settings: { sharedSecret: SECRET } }));
		assert.equal(their.error, undefined);
		assert.deepEqual(stories[0].actions[0].requests.map(shown), their.requests.map(shown));
	}
});
