// The dashboard's pages at their limits: nothing there, too much of it, and answers that do not come.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { folder, json, request, startApp, startDemo } from "../http/harness.mjs";
import { violations } from "./axe.mjs";
import { browserTest, endBehind, heading, install, press, text } from "./harness.mjs";

const EMPTY = 'return require("partnerapp").new {}\n';

const FLOW = `local app = require("partnerapp").new { destination = "x" }
app:oauth("/auth/segment", { scope = "destination/x", installed = function() end })
return app
`;

const LONG = `${"A".repeat(80)} ${"a very long name ".repeat(12)}`;

const field = (i) => `{ "field_${i}", label = "Field ${i} ${i === 7 ? LONG : ""}", type = "string", description = "For ${i}" }`;

/** A destination without settings, of one action with that many fields. */
const destination = (slug, name, fields) => `return require("partnerapp.destination").new {
	name = "${name}", slug = "${slug}",
	actions = { {
		"track", title = "Track", trigger = 'type = "track"',
		fields = { ${Array.from({ length: fields }, (_, i) => field(i)).join(", ")} },
		perform = function(request, data)
			return request:post("https://api.example/", { json = data.payload })
		end,
	} },
}
`;

let empty, many, place;
before(async () => {
	place = folder();
	const files = path.join(place.name, "lua/app/destinations");
	mkdirSync(files, { recursive: true });
	for (let i = 0; i < 29; i++) {
		writeFileSync(path.join(files, `d${i}.lua`), destination(`d${i}`, i === 3 ? LONG : `Destination ${i}`, 1));
	}
	writeFileSync(path.join(files, "sixty.lua"), destination("sixty", "Sixty", 60));
	many = await startApp(FLOW, { place });
	empty = await startApp(EMPTY, { env: { TRAFFIC: "off" } });
});
after(async () => {
	await many.end();
	await empty.end();
	place.remove();
});

/** What each page says, and what to do next, where there is nothing. */
const NOTHING = {
	"/dashboard": /Next step\s+Write a destination: partnerapp new destination acme/,
	"/dashboard/installs": /There is no install yet[^]*no install flow: app:oauth adds one/,
	"/dashboard/destinations": /no file in destinations\/ yet[^]*partnerapp new destination acme/,
	"/dashboard/tester": /no destination with actions yet[^]*partnerapp new destination acme/,
	"/dashboard/traffic": /TRAFFIC is off[^]*Set TRAFFIC=on in \.env and start the server again/,
	"/dashboard/deliveries": /No event has come[^]*partnerapp demo starts both/,
};

browserTest("an app with nothing, TRAFFIC=off: each page has words and a next step", {}, async ({ page }) => {
	for (const [url, wanted] of Object.entries(NOTHING)) {
		await page.goto(empty.url + url);
		assert.match(await text(page), wanted, url);
		assert.deepEqual(await violations(page), [], url);
	}
});

browserTest("what is not there: 404 with the page to go to", { expects: [404] }, async ({ page }) => {
	for (const [url, wanted] of [
		["/dashboard/destinations/none", /no destination at this address\. The page Destinations has all/],
		["/dashboard/tester/none", /there is no destination 'none'/],
		["/dashboard/installs/none", /no install with this id/],
		["/dashboard/traffic/1000000", /no exchange with this number/],
	]) {
		await page.goto(many.url + url);
		assert.match(await text(page), wanted, url);
	}
});

const LARGE = [
	"/dashboard", "/dashboard/destinations", "/dashboard/destinations/d3", "/dashboard/destinations/sixty", "/dashboard/tester",
	"/dashboard/tester/d3", "/dashboard/tester/sixty?action=track", "/dashboard/traffic",
];

// 600 by 450 is what a window of 1200 by 900 shows at 200 %.
for (const [look, viewport] of Object.entries({ "200 %": { width: 600, height: 450 }, narrow: { width: 375, height: 800 } })) {
	browserTest(`30 destinations, 60 fields and long names fit: ${look}`, { viewport }, async ({ page }) => {
		for (const url of LARGE) {
			await page.goto(many.url + url);
			const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
			assert.ok(wide <= 0, `${url} is ${wide} px too wide`);
			assert.deepEqual(await violations(page), [], url);
		}
		await page.goto(`${many.url}/dashboard`);
		assert.match(await text(page), /d0, d1, \S+(, \S+)+ and 20 more/);
	});
}

browserTest("a form whose answer takes long says so, and is sent once", {}, async ({ page }) => {
	let sent = 0, go;
	const answer = new Promise((resolve) => (go = resolve));
	await page.route("**/dashboard/tester/sixty", async (route) => {
		if (route.request().headers()["x-part"]) return route.continue();
		sent++;
		await answer;
		return route.continue();
	});
	// While an answer is on its way, Playwright asks a page nothing: the page itself looks, and presses again.
	await page.addInitScript(() => {
		new MutationObserver(() => {
			if (![...document.querySelectorAll("[role=status]")].some((one) => one.textContent.startsWith("Waiting"))) return;
			document.querySelector("button[value=run]").click();
			console.log("it waits");
		}).observe(document, { childList: true, subtree: true });
	});
	await page.goto(`${many.url}/dashboard/tester/sixty?action=track`);
	const waits = page.waitForEvent("console", (message) => message.text() === "it waits");
	await page.getByRole("button", { name: "Run", exact: true }).click({ noWaitAfter: true });
	await waits;
	go();
	await page.waitForURL(/\/tester\/sixty$/);
	assert.equal(await heading(page), "Sixty");
	assert.equal(sent, 1);
});

browserTest("the list of exchanges says when the server does not answer, and when it does again", {}, async ({ page, problems }) => {
	await page.goto(`${many.url}/dashboard/traffic`);
	const silent = page.getByText("The server does not answer.");
	await page.route("**/dashboard/traffic/version", (route) => route.abort());
	await silent.waitFor();
	await page.unroute("**/dashboard/traffic/version");
	await silent.waitFor({ state: "hidden" });
	for (const line of problems.splice(0)) assert.match(line, /version|ERR_FAILED/);
});

browserTest("Segment fails: the settings say so, and that nothing was saved", { expects: [502] }, async ({ page }) => {
	const demo = await startDemo();
	try {
		await install(page, demo);
		const id = new URL(page.url()).pathname.split("/").at(-1);
		await page.goto(`${demo.app}/dashboard/installs/${id}/destination`);
		await page.getByLabel("Enabled").selectOption("false");
		await request(`${demo.sandbox}/_sandbox/faults`, json({ method: "GET", path: "/v1beta/*", status: 500, times: 100 }));
		await press(page, "Save what was changed");
		assert.match(await text(page), /Segment does not give the destination: [^]*Nothing was saved; what you typed is there when you go back/);
		await press(page, "Read again");
		assert.match(await text(page), /Segment does not give the destination: (?![^]*Nothing was saved)/);
		await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	} finally {
		await endBehind(page, demo);
	}
});

// What was read before is still in memory: only what is read for the first time shows the damage.
browserTest("the database is damaged: the overview and the events say so", { expects: [503, 500] }, async ({ page }) => {
	const app = await startApp(FLOW, {});
	try {
		for (const name of readdirSync(app.cwd, { recursive: true })) {
			if (/\.db(-wal)?$/.test(name) && !name.includes("traffic")) writeFileSync(path.join(app.cwd, name), Buffer.alloc(65536, "x"));
		}
		await page.goto(`${app.url}/dashboard`);
		assert.match(await text(page), /Next step\s+\S+: [^]*Database\s+Problem: \S/);
		await page.goto(`${app.url}/dashboard/deliveries`);
		assert.match(await text(page), /The events cannot be read: \S/);
		await page.goto(`${app.url}/dashboard/traffic`);
		assert.equal(await heading(page), "Traffic");
	} finally {
		await endBehind(page, app);
	}
});
