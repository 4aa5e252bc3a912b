// The loop without a network: events of a real sender go into the sandbox's source, through the integrations object and
// filters, to the app's own file of the destination; the story of each can be read.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Analytics } from "@segment/analytics-node";
import { Jar, during, folder, freePort, json, request, run, start, until } from "./harness.mjs";

const APP = `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "acme" }
app:oauth("/auth/segment", { scope = "destination/acme", installed = function(_, install)
	local settings = { enabled = true, config = { api_key = "key-of-the-customer" } }
	local made, err = install:segment():create_destination(install.source, "acme", settings)
	return made and reply.json(made) or reply.failed(502, err)
end })
app:get("/", function() return reply.text "home" end)
return app
`;
const acme = (origin, word = "events") => `local destination = require "partnerapp.destination"
return destination.new {
	name = "Acme Analytics",
	slug = "acme",
	settings = {
		{ "api_key", type = "password", label = "API key", required = true },
		{ "region", type = "string", choices = { "us", "eu" }, default = "us" },
		{ "debug", type = "boolean", default = false },
	},
	extend_request = function(data) return { base_url = "${origin}", bearer = data.settings.api_key } end,
	actions = {
		{ "track", title = "Track", trigger = 'type = "track"',
			fields = {
				{ "event", type = "string", label = "Event", required = true, default = destination.path "$.event" },
				{ "user", type = "string", label = "User", default = destination.path "$.userId" },
			},
			perform = function(request, data)
				data.payload.region = data.settings.region
				return request:post("/${word}", { json = data.payload })
			end },
	},
}
`;

const removals = [];
after(() => removals.forEach((remove) => remove()));

/** A folder with an app whose destination calls \`origin\`. */
function place(origin) {
	const { name, remove } = folder();
	removals.push(remove);
	mkdirSync(path.join(name, "destinations"));
	writeFileSync(path.join(name, "init.lua"), APP);
	writeFileSync(path.join(name, "destinations/acme.lua"), acme(origin));
	return name;
}

/** What talks to a sandbox. */
function sandboxAt(origin) {
	const get = async (call) => (await request(`${origin}/_sandbox/${call}`)).json();
	const post = (call, body) => request(`${origin}/_sandbox/${call}`, json(body));
	const key = async (source) => {
		const { text } = await request(origin);
		return text.match(new RegExp(`${source}</td>\\s*<td[^>]*><code>(\\w{32})</code>`))[1];
	};
	return { origin, get, post, key, events: async () => (await get("events")).events };
}

/** Serves `sandbox APP` for the time of `use`. */
async function withSandbox(use, env = {}) {
	const upstream = http.createServer((req, res) => {
		let body = "";
		req.on("data", (data) => (body += data));
		req.on("end", () => upstream.calls.push({ url: req.url, body, authorization: req.headers.authorization }) && res.end("{}"));
	}).listen(0, "127.0.0.1");
	upstream.calls = [];
	await once(upstream, "listening");
	const origin = `http://127.0.0.1:${upstream.address().port}`, app = place(origin);
	const listen = `127.0.0.1:${await freePort()}`;
	const server = await start(["sandbox", "."], { cwd: app, env: { SANDBOX_LISTEN: listen, HTTP_ALLOW: origin, ...env } });
	await during(() => use({ ...sandboxAt(`http://${listen}`), server, app, upstream, acmeAt: origin }), async () => {
		upstream.closeAllConnections();
		upstream.close();
		await server.stop();
	});
}

const SOURCE = "workspaces/business/sources/js";
const CONNECTION = { source: SOURCE, destination: "acme", settings: { api_key: "key-of-the-customer", region: "eu" } };

/** The id of the story that the app keeps of an event. */
const storyOf = (event) => event.story.find((one) => one.destination === "acme").app_story;

/** Sends events as npm @segment/analytics-node does, and waits until they were taken. */
async function send(sandbox, ...calls) {
	const analytics = new Analytics({ writeKey: await sandbox.key(SOURCE), host: sandbox.origin, maxEventsInBatch: calls.length });
	const failures = [];
	analytics.on("error", (error) => failures.push(error));
	for (const [method, event] of calls) analytics[method](event);
	await analytics.closeAndFlush();
	assert.deepEqual(failures, []);
	return sandbox.events();
}

describe("the loop", { concurrency: 2 }, () => {
	test("an event of @segment/analytics-node arrives in the app's file; the story has its request, and nothing is sent", () =>
		withSandbox(async (sandbox) => {
			assert.equal((await sandbox.post("connections", CONNECTION)).status, 200);
			const events = await send(sandbox,
				["track", { userId: "u1", event: "Order Completed", properties: { total: 7 } }],
				["identify", { userId: "u1", traits: { plan: "pro" } }],
				["track", { userId: "u1", event: "Left Out", integrations: { "Acme Analytics": false } }]);
			assert.deepEqual(events.map((event) => event.outcomes.acme), [
				"would be delivered; nothing was sent",
				"FILTERED_AT_MAPPING",
				"FILTERED_BY_INTEGRATIONS_OBJECT",
			]);
			const { app_story, ...entry } = events[1].story.find((one) => one.destination === "acme");
			assert.ok(app_story);
			assert.deepEqual(entry, {
				stage: "filtered-destination", outcome: "FILTERED_AT_MAPPING", label: "Filtered at mapping", destination: "acme",
				retried: false, sentence: 'the trigger does not match: type is "identify", wanted "track"',
			});
			const story = await sandbox.get(`stories/${storyOf(events[0])}`);
			assert.equal(story.destination, "Acme Analytics");
			assert.deepEqual(story.actions[0].stages.map(({ stage, result }) => `${stage} ${result}`),
				["trigger passed", "mapping passed", "validation passed", "perform passed"]);
			const [sent] = story.actions[0].requests;
			assert.deepEqual([sent.method, sent.url, sent.sent], ["POST", `${sandbox.acmeAt}/events`, false]);
			assert.deepEqual(JSON.parse(sent.body), { event: "Order Completed", user: "u1", region: "eu" });
			assert.equal(sent.headers.authorization, "Bearer ***");
			assert.ok(!JSON.stringify(story).includes("key-of-the-customer"));
			assert.equal(story.event.properties.total, 7);
			assert.deepEqual(sandbox.upstream.calls, []);
			assert.equal((await request(`${sandbox.origin}/_sandbox/stories/nonsense`)).status, 404);
			const home = await request(sandbox.origin), [link] = home.text.match(new RegExp(`/stories/${storyOf(events[0])}`));
			const page = await request(sandbox.origin + link);
			assert.match(page.text, /<h1>What Acme Analytics made of an event<\/h1>/);
			assert.match(page.text, /POST http:\/\/127\.0\.0\.1:\d+\/events\nauthorization: Bearer \*\*\*/);
			assert.match(page.text, /<strong>trigger<\/strong> passed: the trigger matches/);
			assert.match(page.text, /not sent; the answer was a stand-in/);
			assert.equal((await request(`${sandbox.origin}/stories/nonsense`)).status, 404);
		}));

	test("an error of the app's file is a failed delivery, in the story and on its page without a secret", () => withSandbox(
		async (sandbox) => {
			const file = path.join(sandbox.app, "destinations/acme.lua"), before = acme(sandbox.acmeAt);
			const raises = before.replace("data.payload.region =", 'error("refused <b>" .. data.settings.api_key) data.x =');
			assert.notEqual(raises, before);
			writeFileSync(file, raises);
			await sandbox.post("connections", CONNECTION);
			const entry = await until(async () => {
				const events = await send(sandbox, ["track", { userId: "u1", event: "Signed Up" }]);
				return events.at(-1).story.find((one) => one.destination === "acme");
			}, (one) => one.outcome === "INTERNAL");
			assert.deepEqual([entry.stage, entry.label, entry.retried], ["failed-delivery", "Internal", true]);
			const page = (await request(`${sandbox.origin}/stories/${entry.app_story}`)).text;
			assert.match(page, /refused &lt;b&gt;\*\*\*/);
			const { counts } = await sandbox.get("requests");
			assert.deepEqual(Object.keys(counts).filter((key) => key.includes("stories")), []); // pages are left out
		}));

	test("with send = true the requests are made, with the customer's settings", () => withSandbox(async (sandbox) => {
		await sandbox.post("connections", { ...CONNECTION, send: true });
		const [event] = await send(sandbox, ["track", { userId: "u1", event: "Signed Up" }]);
		assert.equal(event.outcomes.acme, "delivered");
		assert.deepEqual(sandbox.upstream.calls,
			[{ url: "/events", body: '{"event":"Signed Up","user":"u1","region":"eu"}', authorization: "Bearer key-of-the-customer" }]);
		assert.equal((await sandbox.get(`stories/${storyOf(event)}`)).actions[0].requests[0].answer.status, 200);
	}));

	test("the app's destination is in the catalog as its file is now", () => withSandbox(async (sandbox) => {
		const wanted = { access_token: { description: "d", scopes: "workspace", workspace_names: ["workspaces/business"] } };
		const user = { authorization: `Basic ${Buffer.from("user@example.com:password").toString("base64")}` };
		const { token } = (await request(`${sandbox.origin}/v1beta/access-tokens`, json(wanted, user))).json();
		const catalog = async (slug) => (await request(`${sandbox.origin}/v1beta/catalog/destinations/${slug}`,
			{ headers: { authorization: `Bearer ${token}` } }));
		const item = (await catalog("acme")).json();
		assert.equal(item.display_name, "Acme Analytics");
		assert.deepEqual(item.settings.map(({ name, type, required }) => [name, type, required]),
			[["api_key", "PASSWORD", true], ["debug", "BOOLEAN", false], ["region", "SELECT", false]]);
		assert.deepEqual(item.settings[2].select_validators.select_options, ["us", "eu"]);
		const all = (await catalog("?page_size=100")).json().destinations.map(({ name }) => name.split("/").at(-1));
		assert.deepEqual([...all].sort(), all);
		assert.ok(all.includes("acme") && all.includes("zendesk"));
		await sandbox.server.logs("reloaded", () =>
			writeFileSync(path.join(sandbox.app, "destinations/acme.lua"), acme(sandbox.acmeAt).replace("Acme Analytics", "Acme 2")));
		assert.equal((await catalog("acme")).json().display_name, "Acme 2");
		await sandbox.server.logs("reloaded", () => rmSync(path.join(sandbox.app, "destinations/acme.lua")));
		assert.equal((await catalog("acme")).status, 404);
	}));

	test("a saved file takes effect at the next event, and a broken one is told in the outcome", () => withSandbox(async (sandbox) => {
		const file = path.join(sandbox.app, "destinations/acme.lua");
		await sandbox.post("connections", CONNECTION);
		await sandbox.server.logs("reloaded", () => writeFileSync(file, acme(sandbox.acmeAt, "v2/events")));
		const [event] = await send(sandbox, ["track", { userId: "u1", event: "One" }]);
		const story = await sandbox.get(`stories/${storyOf(event)}`);
		assert.equal(story.actions[0].requests[0].url, `${sandbox.acmeAt}/v2/events`);
		await sandbox.server.logs("reloaded", () => rmSync(file));
		const events = await send(sandbox, ["track", { userId: "u1", event: "Two" }]);
		assert.match(events[1].outcomes.acme, /^not delivered: the sandbox delivers to webhooks, and to what the app has a file for$/);
	}));

	test("a wrong connection is refused with what is wrong", () => withSandbox(async (sandbox) => {
		for (const [change, message] of [
			[{ destination: "acm" }, /neither the catalog nor the app has a destination 'acm': did you mean 'acme'\?/],
			[{ destination: 7 }, /destination must be a slug of the catalog/],
			[{ source: "workspaces/x/sources/y" }, /there is no such source/],
			[{ settings: { apikey: "x" } }, /the destination has no setting 'apikey': did you mean 'api_key'\?/],
			[{ settings: { region: "mars" } }, /region must be one of us, eu/],
			[{ settings: { debug: "yes" } }, /debug must be a boolean/],
			[{ settings: [1] }, /settings must be an object/],
			[{ send: "yes" }, /send must be true or false/],
			[{ sent: true }, /unknown field 'sent': did you mean 'send'\?/],
		]) {
			const answer = await sandbox.post("connections", { ...CONNECTION, ...change });
			assert.equal(answer.status, 400, JSON.stringify(change));
			assert.match(answer.json().error, message);
		}
		const page = await request(`${sandbox.origin}/_sandbox/connections`, json(CONNECTION, { origin: "http://evil.example" }));
		assert.equal(page.status, 403);
	}));
});

describe("the demo of a product that is not in Segment's catalog", () => {
	let demo, jar;
	before(async () => {
		const [appPort, sandboxPort] = [await freePort(), await freePort()];
		demo = Object.assign(await start(["demo"], {
			cwd: place("https://api.acme.example"),
			env: { LISTEN: `127.0.0.1:${appPort}`, SANDBOX_LISTEN: `127.0.0.1:${sandboxPort}`, SANDBOX_AUTO_CONSENT: "1" },
		}), { app: `http://localhost:${appPort}` }, sandboxAt(`http://127.0.0.1:${sandboxPort}`));
	});
	after(() => demo.stop());

	test("its customer enables it, and the next event has a story", async () => {
		jar = new Jar();
		const begun = await request(`${demo.app}/auth/segment`, { jar });
		assert.equal(begun.status, 302, begun.text);
		const consented = await request(begun.location, { jar });
		const done = await request(consented.location, { jar });
		assert.equal(done.status, 200, done.text);
		const made = done.json();
		assert.deepEqual([made.enabled, made.display_name], [true, "Acme Analytics"]);
		const source = made.name.match(/^(workspaces\/.*)\/destinations\/acme$/)[1];
		await request(`${demo.origin}/v1/track`, json({ writeKey: await demo.key(source), userId: "u", event: "E" }));
		const [event] = await until(() => demo.events(), (events) => events.length > 0);
		assert.equal(event.outcomes.acme, "would be delivered; nothing was sent");
		assert.equal((await demo.get(`stories/${storyOf(event)}`)).destination, "Acme Analytics");
	});

	test("--destination takes the slug of a file, and refuses others with those of the catalog", async () => {
		const cwd = place("https://api.acme.example"), refused = await run(["demo", "--destination", "acmee"], { cwd });
		assert.equal(refused.code, 2);
		assert.match(refused.err, /the catalog has no destination 'acmee', and the app no file of it; the catalog has: actions-webhook, amplitude, /);
	});
});
