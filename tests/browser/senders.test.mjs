// Segment's browser library in Chromium, on a page of another origin, into the sandbox; and what a page can do that has
// no write key.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, afterEach, before } from "node:test";
import { top, until } from "../http/harness.mjs";
import { hasItsStories, startSenders } from "../http/senders.mjs";
import { PAGE, pageAt } from "./attacks.mjs";
import { browserTest } from "./harness.mjs";

const BUNDLE = path.join(top, "tests/node_modules/@segment/analytics-next/dist/umd");
const CDN = "https://cdn.segment.com";

/** The customer's shop, on another port of this machine: Chromium lets that call the sandbox without asking. */
const shop = http.createServer((req, res) => {
	if (req.url === "/") return res.writeHead(200, { "content-type": "text/html" }).end(`${PAGE}<script src=/index.js></script>`);
	if (!/^\/[\w.-]+\.js$/.test(req.url)) return res.writeHead(204).end(); // the icon
	res.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(path.join(BUNDLE, req.url)));
});

let sandbox;
before(async () => {
	sandbox = await startSenders();
	await once(shop.listen(0, "127.0.0.1"), "listening");
});
after(() => {
	shop.closeAllConnections();
	shop.close();
	return sandbox.end();
});
afterEach(() => void (sandbox.calls.length = 0));

/** Opens the shop's page, and gives a list of what the page then asks of the sandbox. */
async function openShop({ page }) {
	const asked = [];
	page.on("request", (one) => {
		if (one.url().startsWith(`${sandbox.origin}/v1/`))
			asked.push(`${one.method()} ${new URL(one.url()).pathname} ${one.headers()["content-type"]}`);
	});
	await page.goto(`http://localhost:${shop.address().port}/`);
	return asked;
}

/** The setting of the destination Segment.io that sends events to the sandbox. */
const toSandbox = () => ({ apiKey: sandbox.key, apiHost: `${new URL(sandbox.origin).host}/v1`, protocol: "http" });

/** Runs on the page. */
async function sendAll({ settings, options }) {
	const [analytics] = await window.AnalyticsNext.AnalyticsBrowser.load(settings, options);
	await Promise.all([
		analytics.page("Home"),
		analytics.identify("u1", { plan: "pro" }),
		analytics.track("Order Completed", { total: 7 }),
	]);
}

/** Waits for so many more events of the intake than there were. */
const more = async (count, before) =>
	(await until(() => sandbox.events(), (events) => events.length >= before + count)).slice(before);

const sorted = (list) => list.map(({ body }) => `${body.type} ${body.name} ${body.user}`).sort();

browserTest("page, identify and track of @segment/analytics-next reach one of three destinations, as docs/sandbox.md has it", {}, async (visit) => {
	const asked = await openShop(visit), before = (await sandbox.events()).length;
	const cdnSettings = { integrations: { "Segment.io": toSandbox() } };
	await visit.page.evaluate(sendAll, { settings: { writeKey: sandbox.key, cdnSettings } });
	const events = await more(3, before);
	for (const event of events) await hasItsStories(sandbox, event);
	assert.deepEqual(events.map(({ event }) => event.type).sort(), ["identify", "page", "track"]);
	assert.deepEqual(asked.sort(), ["i", "p", "t"].map((one) => `POST /v1/${one} text/plain`));
	assert.equal(sandbox.calls.length, 3);
	assert.ok(sorted(sandbox.calls).includes("track Order Completed u1"));
	const track = events.find(({ event }) => event.type === "track").event;
	assert.equal(track.properties.total, 7);
	assert.match(track.context.userAgent, /Chrom/);
	assert.equal(track.writeKey, undefined);
});

browserTest("so they do in a batch, with the settings of Segment's CDN", {}, async (visit) => {
	const asked = await openShop(visit), before = (await sandbox.events()).length;
	await visit.page.route(`${CDN}/**`, (route) => {
		assert.equal(route.request().url(), `${CDN}/v1/projects/${sandbox.key}/settings`);
		const headers = { "access-control-allow-origin": "*" };
		return route.fulfill({ json: { integrations: { "Segment.io": toSandbox() } }, headers });
	});
	const options = { integrations: { "Segment.io": { deliveryStrategy: { strategy: "batching", config: { size: 3 } } } } };
	await visit.page.evaluate(sendAll, { settings: { writeKey: sandbox.key }, options });
	const events = await more(3, before);
	for (const event of events) await hasItsStories(sandbox, event);
	assert.deepEqual(asked, ["POST /v1/b text/plain"]);
	assert.equal(sandbox.calls.length, 3);
});

/** Runs on a page: sends an event in each way that needs no permission of the sandbox, and in one that does. */
async function attack({ origin, event }) {
	const body = JSON.stringify(event), results = [];
	for (const [call, options] of [
		["t", { headers: { "content-type": "text/plain" } }],
		["track", { headers: { "content-type": "text/plain" }, mode: "no-cors", credentials: "include" }],
		["track", { headers: { "content-type": "application/json", authorization: `Basic ${btoa("guessed:")}` } }],
	])
		results.push((await fetch(`${origin}/v1/${call}`, { method: "POST", body, ...options })).status);
	const image = new Image();
	const shown = new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject }));
	image.src = `${origin}/v1/pixel/track?data=${encodeURIComponent(btoa(body))}`;
	await shown;
	return [...results, image.width];
}

/** Runs on a page: tries to read what has the write key. */
async function spy(origin) {
	const read = [];
	for (const call of ["/", "/_sandbox/events", "/v1beta/workspaces"])
		read.push(await fetch(origin + call).then((answer) => answer.text(), () => "failed"));
	return read;
}

browserTest("HT-22 a page of another site makes the sandbox send nothing, for it cannot read the write key", {}, async (visit) => {
	await pageAt(visit, "https://evil.test");
	const event = { type: "track", event: "E", userId: "u1" }, before = (await sandbox.events()).length;
	const { page, problems } = visit, { origin, key } = sandbox;
	assert.deepEqual(await page.evaluate(attack, { origin, event }), [200, 0, 200, 1]); // 0: the page may not know
	const events = await more(4, before);
	assert.deepEqual(events.map((one) => one.outcomes), Array(4).fill({ dropped: "unknown_source" }));
	assert.deepEqual(await page.evaluate(spy, origin), ["failed", "failed", "failed"]);
	assert.deepEqual(sandbox.calls, []);
	// The pages do try: with the key the same would have been sent.
	await page.evaluate(attack, { origin, event: { ...event, writeKey: key } });
	await until(() => sandbox.calls.length, (length) => length === 3); // the fourth has a wrong key in front
	problems.length = 0; // the browser tells on the console what spy() may not read, and that http is not https
});
