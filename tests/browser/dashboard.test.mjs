// The dashboard in Chromium: a partner's whole walk without a mouse, with JavaScript and without, and what axe-core says
// of its pages in light, dark and narrow.
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach } from "node:test";
import { folder, json, request, run, startDemo, top } from "../http/harness.mjs";
import { violations } from "./axe.mjs";
import { browserTest, heading, install, text } from "./harness.mjs";

let copy, demo;
before(async () => {
	copy = folder();
	cpSync(path.join(top, "lua/app"), copy.name, { recursive: true });
	demo = await startDemo({ app: copy.name });
});
after(async () => {
	await demo.end();
	copy.remove();
});
beforeEach(() => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" }));

/** Moves the focus with Tab to the element with that name, and presses a key there. */
async function keyTo(page, wanted, key = "Enter") {
	for (let i = 0; i < 200; i++) {
		await page.keyboard.press("Tab");
		const name = await page.evaluate(() => {
			const on = document.activeElement;
			return (on.labels?.[0]?.innerText ?? on.innerText ?? "").trim();
		});
		if (name === wanted) {
			if (key) await page.keyboard.press(key);
			return;
		}
	}
	assert.fail(`no Tab leads to "${wanted}" on ${page.url()}`);
}

const script = () => path.join(copy.name, "destinations/acme.lua");

/** Waits until the page has that heading. */
const becomes = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

browserTest("RL-01 the whole walk without a mouse: install, traffic, a broken save, an event, a test", { expects: [500] },
	async ({ page }) => {
		await install(page, demo);
		await keyTo(page, "the steps that just happened");
		await becomes(page, "An install, step by step");
		assert.match(await text(page), /exchanges the code for an install token\s+A call[^]*POST \S+\/oauth2\/token 200/);

		await keyTo(page, "Tester");
		await becomes(page, "Tester");
		await keyTo(page, "Acme");
		await becomes(page, "Acme");
		await page.getByText("Would be delivered; nothing was sent").waitFor();

		// A setting is changed: the requests follow without a click.
		await keyTo(page, "Region", "ArrowDown");
		await page.keyboard.press("ArrowDown");
		await page.locator(".exchange code", { hasText: "https://api.eu.acme.example/v1/events" }).first().waitFor();
		assert.match(await page.locator(".diff").innerText(), /- POST https:\/\/api\.acme[^]*\+ POST https:\/\/api\.eu/);

		// A save that does not load: the tester goes on with the version before, the overview says why.
		const good = readFileSync(script(), "utf8");
		await demo.logs('"not reloaded', () => writeFileSync(script(), good.replace("perform =", "preform =")));
		await keyTo(page, "Overview");
		await becomes(page, "Overview");
		const said = await text(page);
		assert.match(said, /The newest save does not load/);
		assert.match(said, /destinations\/acme\.lua:\d+: action 'track': unknown part 'preform'[^]*did you mean 'perform'/);

		// It is mended with another path: the story changes by itself.
		await page.goto(`${demo.app}/dashboard/tester/acme`);
		await demo.logs('"reloaded', () => writeFileSync(script(), good.replace('"/events"', '"/v2/events"')));
		await page.locator(".exchange code", { hasText: "/v1/v2/events" }).first().waitFor();

		// The event is edited, and what it becomes is kept as a test.
		const event = page.getByRole("textbox", { name: "Event", exact: true });
		await event.focus();
		await page.keyboard.press("Control+A");
		await page.keyboard.insertText('{ "type": "track", "event": "Signed Up", "userId": "u-7", "messageId": "m-1" }');
		await page.locator(".exchange pre", { hasText: "Signed Up" }).first().waitFor();
		await keyTo(page, "Keep as a test");
		await keyTo(page, "Name of the test", null);
		await page.keyboard.type("from_the_page");
		await keyTo(page, "Keep");
		await page.getByText("Kept in").waitFor();
		assert.ok(existsSync(path.join(copy.name, "destinations/tests/acme/from_the_page.test.json")));
		const tested = await run(["test", copy.name], { cwd: demo.cwd });
		assert.equal(tested.code, 1, tested.out); // of the tests that were recorded with the path before
		assert.match(tested.out, /^ok \d+ - acme: from_the_page/m);
		writeFileSync(script(), good);
	});

const PAGES = [
	"/dashboard", "/dashboard/installs", "/dashboard/destinations", "/dashboard/destinations/acme",
	"/dashboard/destinations/actions-webhook", "/dashboard/tester", "/dashboard/tester/acme",
	"/dashboard/tester/actions-webhook?action=send", "/dashboard/traffic", "/dashboard/deliveries", "/dashboard/nothing",
];

/** The pages that there are after an install and an event: fixed ones, and the first of each list. */
async function allPages(page) {
	await install(page, demo);
	const connect = { destination: "acme", settings: { api_key: "key-of-the-customer" } };
	await page.goto(demo.sandbox);
	const cells = page.locator("#sources + .card");
	const source = await cells.locator("td").first().textContent(), writeKey = await cells.locator("code").first().textContent();
	await request(`${demo.sandbox}/_sandbox/connections`, json({ ...connect, source }));
	await request(`${demo.sandbox}/v1/track`, json({ writeKey, userId: "u-7", event: "Signed Up", properties: {} }));
	const list = [...PAGES];
	for (const name of ["installs", "traffic", "deliveries"]) {
		const first = page.locator(`tbody a[href^="/dashboard/${name}/"]`).first();
		await page.goto(`${demo.app}/dashboard/${name}`);
		// What came a moment ago is stored by a thread of its own.
		while (await first.count() === 0) await page.reload();
		list.push(await first.getAttribute("href"));
	}
	const id = list.find((one) => one.startsWith("/dashboard/installs/"));
	const exchange = list.find((one) => one.startsWith("/dashboard/traffic/"));
	list.push(`${id}/destination`, `${id}/disconnect`, `${id}/steps`, `${exchange}/replay`);
	return list;
}

const LOOKS = {
	light: { colorScheme: "light", viewport: { width: 1200, height: 900 } },
	dark: { colorScheme: "dark", viewport: { width: 1200, height: 900 } },
	narrow: { viewport: { width: 375, height: 800 } },
};

for (const [look, options] of Object.entries(LOOKS)) {
	browserTest(`axe-core finds nothing on any page: ${look}`, { ...options, expects: [404] }, async ({ page }) => {
		for (const one of await allPages(page)) {
			await page.goto(demo.app + one);
			assert.deepEqual(await violations(page), [], one);
			const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
			assert.ok(wide <= 0, `${one} is ${wide} px too wide`);
		}
	});
}

browserTest("without JavaScript every page is there, and the tester works with its buttons",
	{ javaScriptEnabled: false, expects: [404] }, async ({ page }) => {
		for (const one of await allPages(page)) {
			await page.goto(demo.app + one);
			assert.ok((await heading(page)).length > 0, one);
		}
		await page.goto(`${demo.app}/dashboard/tester/acme`);
		await page.getByLabel("Another event").selectOption("sample identify");
		await page.getByRole("button", { name: "Load" }).click();
		assert.match(await text(page), /the trigger does not match: type is "identify", wanted "track"/);
		await page.getByRole("textbox", { name: "Event", exact: true }).fill('{ "type": "track", ');
		await page.getByRole("button", { name: "Run" }).click();
		assert.match(await page.locator("#event-problem").innerText(), /\S/);
		assert.equal(await page.getByRole("textbox", { name: "Event", exact: true }).inputValue(), '{ "type": "track", ');
	});

browserTest("new exchanges come into the list by themselves", {}, async ({ page }) => {
	await request(`${demo.app}/before`);
	await page.goto(`${demo.app}/dashboard/traffic`);
	assert.equal(await page.getByRole("link", { name: "Show what is new" }).isVisible(), false);
	await request(`${demo.app}/came-later`);
	await page.getByRole("link", { name: "GET /came-later" }).waitFor();
});

browserTest("nothing is sent for real before a question was answered", { expects: [] }, async ({ page }) => {
	await page.goto(`${demo.app}/dashboard/tester/acme`);
	await page.getByRole("button", { name: "Send for real …" }).click();
	const asks = page.getByRole("alertdialog");
	assert.match(await asks.innerText(), /Send for real\?[^]*POST https:\/\/api\.acme\.example/);
	await asks.getByRole("button", { name: "Do not send" }).click();
	assert.match(await text(page), /Would be delivered; nothing was sent/);
});

browserTest("an exchange is copied as a curl command that asks for the same", { permissions: ["clipboard-read", "clipboard-write"] },
	async ({ page }) => {
		await request(`${demo.app}/to-be-copied?a=b`);
		await page.goto(`${demo.app}/dashboard/traffic?q=to-be-copied`);
		while (await page.getByRole("link", { name: "/to-be-copied" }).count() === 0) await page.reload();
		await page.getByRole("link", { name: "/to-be-copied" }).first().click();
		await page.getByText("As a curl command").click();
		await page.getByRole("button", { name: "Copy" }).first().click();
		await page.getByRole("button", { name: "Copied" }).waitFor();
		const command = await page.evaluate(() => navigator.clipboard.readText());
		assert.match(command, /^curl \\\n {2}--url 'http:\/\/localhost:\d+\/to-be-copied\?a=b'/);
	});
