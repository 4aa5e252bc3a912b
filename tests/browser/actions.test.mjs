// Pages of other sites cannot make `partnerapp actions` send anything; those of Segment's tools can.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { startActions } from "../http/actions_server.mjs";
import { until } from "../http/harness.mjs";
import { PAGE, fetches, forget, pageAt, sendForm } from "./attacks.mjs";
import { browserTest } from "./harness.mjs";

const SEGMENT = "https://app.segment.com";

let server, other;
before(async () => {
	server = await startActions();
	other = http.createServer((call, response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE));
	await once(other.listen(0, "127.0.0.1"), "listening");
});
after(() => {
	other.close();
	return server.end();
});
beforeEach(() => {
	server.api.seen.length = 0;
});

/** What every attack sends: an event that the destination would send on. */
const attack = () => ({ url: `${server.url}/track`, body: JSON.stringify({ payload: { type: "track", event: "A" }, settings: server.settings }) });

const expects = [403, 415, 421];

/** How many requests of other origins the server has refused. */
const refused = () => server.err.split('"reason":"cross_site"').length - 1;

/** Waits until the server has refused so many more: what a page sent came here, and nothing came of it. */
async function areRefused(count, before) {
	await until(async () => refused() - before, (more) => more >= count);
	assert.equal(server.api.seen.length, 0);
}

/** Lets the page try everything, and looks whether the API was called. */
async function attacked({ page, problems }) {
	const before = refused();
	const results = await page.evaluate(fetches, attack());
	assert.deepEqual(results.filter((result) => result !== "failed" && result !== 0), []);
	await Promise.all([page.waitForURL(`${server.url}/track`), page.evaluate(sendForm, attack())]);
	assert.match(await page.locator("body").innerText(), /"statusCode":403/);
	forget(problems);
	await areRefused(7, before);
}

browserTest("HT-31 a page of another site sends nothing: fetch, form, beacon", { expects }, async (visit) => {
	await pageAt(visit, "https://evil.test");
	await attacked(visit);
});

browserTest("HT-31 neither does another port of this machine", { expects }, async (visit) => {
	await visit.page.goto(`http://localhost:${other.address().port}/`);
	await attacked(visit);
});

browserTest("HT-31 nor does a page without an origin", { expects }, async ({ page, problems }) => {
	await page.goto(`http://localhost:${other.address().port}/`);
	await page.setContent(`${PAGE}<iframe sandbox="allow-scripts allow-forms" srcdoc="x"></iframe>`);
	const before = refused(), frame = page.frames().find((one) => one !== page.mainFrame());
	const results = await frame.evaluate(fetches, attack());
	assert.deepEqual(results.filter((result) => result !== "failed" && result !== 0), []);
	forget(problems);
	await areRefused(5, before);
});

browserTest("HT-31 HT-05 a name that leads here, as after DNS rebinding, sends nothing", { expects }, async ({ page, problems }) => {
	// Chromium takes every name below localhost to this machine.
	const origin = `http://rebound.localhost:${server.port}`;
	await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
	await page.goto(`${origin}/`);
	const results = await page.evaluate(fetches, { ...attack(), url: `${origin}/track` });
	assert.deepEqual(results, [421, 421, 421, 421, 421]);
	forget(problems);
	assert.equal(server.api.seen.length, 0);
});

browserTest("a page of Segment's action tester reads the manifest, and its tries are sent", {}, async (visit) => {
	await pageAt(visit, SEGMENT);
	const [manifest, exchanges] = await visit.page.evaluate(async ({ url, body }) => {
		const headers = { "content-type": "application/json" };
		const manifest = await (await fetch(new URL("/manifest", url))).json();
		return [manifest, await (await fetch(url, { method: "POST", headers, body })).json()];
	}, attack());
	assert.equal(manifest.slug, "acme-analytics");
	assert.equal(exchanges[0].response.statusCode, 200);
	assert.equal(server.api.seen.length, 1);
});

test("the pages do try: a server without these checks would have been called", async () => {
	const answer = await server.post("/track", JSON.parse(attack().body));
	assert.equal(answer.json()[0].response.statusCode, 200);
	assert.equal(server.api.seen.length, 1);
});
