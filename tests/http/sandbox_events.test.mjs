// What becomes of events in the sandbox, over real connections: malformed ones, and deliveries that fail.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { freePort, json, request, startSandbox, top, until } from "./harness.mjs";

const SOURCE = "workspaces/business/sources/js";
const USER = { authorization: `Basic ${Buffer.from("user@example.com:password").toString("base64")}` };
const WANTED = { access_token: { description: "d", scopes: "workspace", workspace_names: ["workspaces/business"] } };

let sandbox, headers, writeKey;
before(async () => (sandbox = await startSandbox()));
after(() => sandbox.end());

const api = (path, options) => request(`${sandbox.origin}/v1beta/${path}`, options);
const send = (path, event) => request(`${sandbox.origin}/v1/${path}`, json({ writeKey, ...event }));
const events = async () => (await request(`${sandbox.origin}/_sandbox/events`)).json().events;
const last = async () => (await events()).at(-1);

beforeEach(async () => {
	await request(`${sandbox.origin}/_sandbox/reset`, json({}));
	headers = { authorization: `Bearer ${(await api("access-tokens", json(WANTED, USER))).json().token}` };
	[writeKey] = (await api(SOURCE, { headers })).json().write_keys;
});

/** Enables a destination of the source with settings. */
async function enable(slug, settings) {
	const name = `${SOURCE}/destinations/${slug}`;
	const config = Object.entries(settings).map(([key, value]) => ({ name: `${name}/config/${key}`, value }));
	const made = await api(`${SOURCE}/destinations`, json({ destination: { name, enabled: true, config } }, headers));
	assert.equal(made.status, 200, made.text);
	return name;
}

/** A server that keeps the requests and does `answer(res, n)` with each. */
async function openReceiver(answer) {
	const got = [];
	const server = http.createServer((req, res) => {
		const chunks = [];
		req.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
			got.push({ method: req.method, headers: req.headers, body: Buffer.concat(chunks).toString() });
			answer(res, got.length);
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		got,
		url: `http://127.0.0.1:${server.address().port}`,
		close: () => { server.closeAllConnections(); server.close(); },
	};
}

test("each of twelve malformed events is told in Segment's words", async () => {
	for (const [path, event, outcome, label] of [
		["track", { event: "E" }, "no_user_anon_id", "No userID or anonymousID"],
		["track", { userId: "u" }, "event_not_defined", "Event not defined"],
		["track", { userId: "u", event: { a: 1 } }, "event_not_string", "Track event not a string"],
		["track", { userId: "u", event: "E", properties: [] }, "properties_not_object", "Properties field not an object"],
		["identify", { userId: "u", traits: "t" }, "traits_not_object", "Traits must be an object"],
		["page", { userId: "u", name: "" }, "name_not_string", "Name must be non-empty string"],
		["page", { userId: "u", category: 7 }, "category_not_string", "Category field must be a string"],
		["identify", { userId: 7 }, "id_not_string", "Identifier not a string"],
		["group", { userId: "u" }, "id_required", "Identifier missing from payload"],
		["batch", { batch: [{ userId: "u" }] }, "bad_request", "Could not decode payload"],
		["batch", { batch: ["E"] }, "bad_request", "Could not decode payload"],
		["batch", { batch: [] }, "empty_batch", "Batch is empty"],
	]) {
		const answer = await send(path, event);
		assert.equal(answer.status, 200);
		const { outcomes, story } = await last();
		assert.deepEqual(outcomes, { dropped: outcome });
		assert.equal(story.length, 1);
		const { sentence, ...row } = story[0];
		assert.deepEqual(row, { stage: "failed-ingest", outcome, label });
		assert.match(sentence, /^[a-z].{10,}/i);
	}
	assert.equal((await events()).length, 12);
});

test("a delivery that fails says where and how", async () => {
	const resets = await openReceiver((res) => res.socket.destroy());
	const port = await freePort();
	const name = await enable("webhooks", {});
	for (const [hook, outcome, sentence] of [
		[`${resets.url}/hook?key=secret`, "ECONNRESET", `${resets.url} gave no answer: `],
		[`http://127.0.0.1:${port}/`, "EREFUSED", `http://127.0.0.1:${port} gave no answer: `],
		["http://nothing.invalid/", "ENOTFOUND", "http://nothing.invalid gave no answer: "],
	]) {
		const config = [{ name: `${name}/config/hooks`, value: [{ hook }] }];
		const changed = await api(name, {
			...json({ destination: { config }, update_mask: { paths: ["destination.config"] } }, headers), method: "PATCH",
		});
		assert.equal(changed.status, 200, changed.text);
		await send("track", { userId: "u", event: "E" });
		const [entry] = (await last()).story;
		assert.deepEqual([entry.stage, entry.outcome, entry.destination, entry.retried], ["failed-delivery", outcome, "webhooks", true]);
		assert.ok(entry.sentence.startsWith(sentence), entry.sentence);
		assert.match(entry.sentence, /; delivered again within minutes, until 2/);
	}
	resets.close();
});

test("Webhooks (Actions): a batch comes as one PUT, and again as it was until it is accepted", async () => {
	const receiver = await openReceiver((res, n) => res.writeHead(n < 3 ? 503 : 204).end());
	await enable("actions-webhook", {
		url: `${receiver.url}/events`, method: "PUT", trigger: 'type = "track"', enable_batching: true, sharedSecret: "s-of-a-test",
	});
	const batch = ["A", "B"].map((event) => ({ type: "track", userId: "u", event }));
	await send("batch", { batch: [...batch, { type: "page", userId: "u" }] });
	await until(() => request(`${sandbox.origin}/_sandbox/clock`, json({ advance: 60 })), () => receiver.got.length >= 3);
	const list = await until(events, (all) => all[0].story[0].stage === "delivered");
	receiver.close();
	const [first, , third] = receiver.got;
	assert.deepEqual(JSON.parse(first.body).map(({ event }) => event), ["A", "B"]);
	assert.deepEqual([third.method, third.body], ["PUT", first.body]);
	assert.equal(third.headers["x-signature"], first.headers["x-signature"]);
	assert.deepEqual(list.map(({ story }) => story[0].outcome ?? story[0].stage), ["delivered", "delivered", "FILTERED_AT_MAPPING"]);
	assert.match(list[1].story[0].sentence, /answered 204, at attempt 3$/);
});

test("a filter that cannot be read, or that drops, is told with its condition", async () => {
	const name = await enable("webhooks", { hooks: [{ hook: "http://127.0.0.1:1/" }] });
	const filter = (condition) => api(`${name}/filters`, json({
		filter: { if: condition, actions: [{ type: "drop_event" }], title: "Ours", enabled: true },
	}, headers));
	const refused = await filter("type in ('track', 'page')");
	assert.equal(refused.status, 400);
	assert.equal(refused.json().error, "if: character 17: a list is written in [ ]");
	assert.equal((await filter("'x' in properties.list")).status, 200);
	await send("track", { userId: "u", event: "E", properties: { list: ["x"] } });
	assert.deepEqual((await last()).story, [{
		stage: "filtered-destination", outcome: "FILTERED_BY_RULES", label: "Filtered by rules", destination: "webhooks",
		sentence: `the filter "Ours" drops events with 'x' in properties.list`,
	}]);
});

test("docs/segment.md lists the rows of the delivery overview that the sandbox cannot give", () => {
	const page = readFileSync(path.join(top, "docs/segment.md"), "utf8").split("### 7.7 ")[1].split("\n## ")[0];
	const rows = [...page.matchAll(/^\| (failed|filtered)-.*$/gm)].map(([row]) => row);
	const listed = readFileSync(path.join(top, "lua/sandbox/tests/unreached_outcomes.lua"), "utf8").replace(/\s+/g, " ");
	const unreached = [...listed.matchAll(/stage = "(.*?)", code = "(.*?)", label = .*?, why = "(.*?)",? \}/g)];
	assert.ok(unreached.length > 30);
	for (const [, stage, code, why] of unreached) {
		const found = rows.filter((row) => row.includes(stage) && row.includes(`\`${code}\``) && row.includes(why));
		assert.equal(found.length, 1, `${stage} ${code}: ${why}`);
	}
	const codes = rows.flatMap((row) => row.split(" | ")[0].match(/`\w+`/g));
	assert.equal(codes.length, new Set(unreached.map(([, stage, code, why]) => `${stage} ${code} ${why}`)).size);
});
