// Pages of other sites cannot make the sandbox send anything: neither connect a destination, nor send an event.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, beforeEach } from "node:test";
import { folder, freePort, json, request, start } from "../http/harness.mjs";
import { PAGE, fetches, forget, pageAt, sendForm } from "./attacks.mjs";
import { browserTest } from "./harness.mjs";

const ACME = (origin) => `local destination = require "partnerapp.destination"
return destination.new {
	name = "Acme", slug = "acme",
	actions = { { "track", trigger = 'type = "track"', perform = function(request)
		return request:post("${origin}/events", { json = {} })
	end } },
}
`;

let sandbox, place, upstream, other, calls;
before(async () => {
	upstream = http.createServer((call, response) => {
		calls += 1;
		response.end("{}");
	});
	other = http.createServer((call, response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE));
	await Promise.all([upstream, other].map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
	const origin = `http://127.0.0.1:${upstream.address().port}`, listen = `127.0.0.1:${await freePort()}`;
	place = folder();
	mkdirSync(path.join(place.name, "destinations"));
	writeFileSync(path.join(place.name, "init.lua"), 'return require("partnerapp").new {}\n');
	writeFileSync(path.join(place.name, "destinations/acme.lua"), ACME(origin));
	sandbox = await start(["sandbox", "."], { cwd: place.name, env: { SANDBOX_LISTEN: listen, HTTP_ALLOW: origin } });
	sandbox.url = `http://${listen}`;
});
after(async () => {
	upstream.close();
	other.close();
	await sandbox?.stop();
	place?.remove();
});
beforeEach(() => {
	calls = 0;
});

const CONNECTION = { destination: "acme", settings: {}, send: true };
const EVENT = { userId: "u", event: "E", writeKey: "x".repeat(32) };
const expects = [400, 403, 415, 421];

const connections = () => ({ url: `${sandbox.url}/_sandbox/connections`, body: JSON.stringify(CONNECTION) });
const events = () => ({ url: `${sandbox.url}/v1/track`, body: JSON.stringify(EVENT) });

/** What the sandbox has come to know of: its destinations, by its page. */
const knows = async (slug) => (await request(sandbox.url)).text.includes(`/destinations/${slug}`);

/** Lets the page try everything, each until it is answered, and looks whether a destination was connected or an event sent. */
async function attacked({ page, problems }) {
	for (const attack of [connections(), events()]) await page.evaluate(fetches, attack);
	await Promise.all([page.waitForURL(connections().url), page.evaluate(sendForm, connections())]);
	forget(problems);
	assert.equal(await knows("acme"), false);
	assert.equal(calls, 0);
}

browserTest("a page of another site connects nothing and sends nothing", { expects }, async (visit) => {
	await pageAt(visit, "https://evil.test");
	await attacked(visit);
});

browserTest("neither does another port of this machine", { expects }, async (visit) => {
	await visit.page.goto(`http://localhost:${other.address().port}/`);
	await attacked(visit);
});

browserTest("a name that leads here, as after DNS rebinding, does nothing either", { expects }, async ({ page, problems }) => {
	const origin = `http://rebound.localhost:${new URL(sandbox.url).port}`;
	await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
	await page.goto(`${origin}/`);
	for (const { url, body } of [connections(), events()]) {
		const results = await page.evaluate(fetches, { url: url.replace(sandbox.url, origin), body });
		assert.deepEqual(new Set(results), new Set([421]));
	}
	forget(problems);
	assert.equal(await knows("acme"), false);
	assert.equal(calls, 0);
});

browserTest("what a program connects is sent, so the cases above could fail", {}, async () => {
	await request(connections().url, json(CONNECTION));
	assert.equal(await knows("acme"), true);
	const writeKey = (await request(sandbox.url)).text.match(/userworkspace\/sources\/javascript<\/td>\s*<td[^>]*><code>(\w{32})/)[1];
	await request(events().url, json({ ...EVENT, writeKey }));
	assert.equal(calls, 1);
	await request(`${sandbox.url}/_sandbox/reset`, { method: "POST" });
});
