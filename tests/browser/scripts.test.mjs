// A partner edits a copy of the app while its pages are open.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach } from "node:test";
import { during, folder, request, startDemo, top } from "../http/harness.mjs";
import { browserTest, heading, isInstalled, install, press, text, toConsent } from "./harness.mjs";

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

const read = (name) => readFileSync(path.join(copy.name, name), "utf8");

/** Saves a file of the app and waits until the log says what came of it. */
const save = (name, content, said = "reloaded") =>
	demo.logs(`"${said}`, () => writeFileSync(path.join(copy.name, name), content));

/** Runs `body` while a file is changed, and restores the file. */
async function edited(name, change, said, body) {
	const good = read(name);
	const changed = change(good);
	assert.notEqual(changed, good);
	await save(name, changed, said);
	try {
		await body();
	} finally {
		await save(name, good);
	}
}

browserTest("an edit of a view and of a script shows on the next load, without a restart", {}, async ({ page }) => {
	await page.goto(demo.app);
	assert.equal(await heading(page), "Enable with Segment");
	await edited("views/home.html", (text) => text.replace("<h1>Enable with", "<h1>Try out"), "reloaded", async () => {
		await page.reload();
		assert.equal(await heading(page), "Try out Segment");
	});
	await edited("init.lua", (text) => text.replace('"google-analytics"', '"mixpanel"'), "reloaded", async () => {
		await page.reload();
		assert.match(await text(page), /we set up Mixpanel/);
		await press(page, "Enable with Segment");
		assert.equal(await heading(page), "Log in");
	});
	await page.goto(demo.app);
	assert.match(await text(page), /we set up Google Analytics/);
});

/** Waits until the page has that heading, which it gets by itself. */
const becomes = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

browserTest("RL-01 a page shows why a save does not load, then the next save, and by itself the app when it is mended", { expects: [500] }, async ({ page }) => {
	await page.goto(demo.app);
	assert.equal(await heading(page), "Enable with Segment");
	await edited("init.lua", () => "local app = = 1\n", "not reloaded", async () => {
		await page.reload();
		assert.match(await heading(page), /^init\.lua:1: unexpected symbol near '='$/);
		assert.match(await page.locator(".failing").innerText(), /local app = = 1/);
		assert.match(await text(page), /The newest save does not load[^]*This page loads again by itself/);
		assert.match((await request(demo.app)).text, /Enable with/);
		await save("init.lua", "local other = = 2\n", "not reloaded");
		await page.getByText("local other = = 2").waitFor();
	});
	await becomes(page, "Enable with Segment");
	await edited("views/home.html", (good) => good.replace("<ol", "{% if then %}<ol"), "not reloaded", async () => {
		await page.reload();
		assert.match(await heading(page), /^views\/home\.html:4:/);
	});
	await becomes(page, "Enable with Segment");
	await install(page, demo);
	await isInstalled(page);
});

browserTest("RL-01 Segment's redirect that meets a broken save goes on when it is mended", { expects: [500] }, async ({ page }) => {
	await toConsent(page, demo);
	await edited("init.lua", () => "local app = = 1\n", "not reloaded", async () => {
		await press(page, "Allow");
		await becomes(page, /^init\.lua:1:/);
	});
	await isInstalled(page);
});

browserTest("a script that raises shows a page with file and line, and saving a good one heals it", { expects: [500] }, async ({ page }) => {
	const line = read("init.lua").split("\n").findIndex((text) => text.includes('reply.view("home"')) + 1;
	const raises = (good) => good.replace('return reply.view("home"', 'local no = nil + 1 return reply.view("home"');
	await edited("init.lua", raises, "reloaded", async () => {
		await page.goto(demo.app);
		assert.match(await heading(page), new RegExp(`init\\.lua:${line}: attempt to perform arithmetic on a nil value`));
		assert.match(await page.locator(".failing").innerText(), /local no = nil \+ 1/);
		assert.match(await text(page), new RegExp(`init\\.lua, line ${line}`));
	});
	await becomes(page, "Enable with Segment");
});

browserTest("RL-02 an app that never loaded shows why, and saving a good one heals it", { expects: [500] }, async ({ page }) => {
	const other = folder();
	cpSync(copy.name, other.name, { recursive: true });
	const file = path.join(other.name, "init.lua");
	const good = readFileSync(file, "utf8");
	writeFileSync(file, good.replace("local app =", "local app = ="));
	const late = await startDemo({ app: other.name });
	await during(async () => {
		const line = good.split("\n").findIndex((text) => text.startsWith("local app =")) + 1;
		await page.goto(late.app);
		assert.match(await heading(page), new RegExp(`init\\.lua:${line}: unexpected symbol near '='`));
		assert.match(await page.locator(".failing").innerText(), /local app = =/);
		await late.logs('"reloaded"', () => writeFileSync(file, good));
		await becomes(page, "Enable with Segment");
	}, late.end);
	other.remove();
});
