// The install flow walked twice, at once, backwards and again, over the demo.
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { request, startDemo } from "../http/harness.mjs";
import { begin, browserTest, created, heading, install, isInstalled, logIn, press, text } from "./harness.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo.end());
beforeEach(() => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" }));

browserTest("OA-06 two tabs with a walk each both finish", {}, async ({ page, context }) => {
	const other = await context.newPage();
	await Promise.all([begin(page, demo), begin(other, demo)]);
	await logIn(page);
	await logIn(other);
	await other.getByLabel("Workspace and source").selectOption({ label: "Business / js" });
	await press(page, "Allow");
	await isInstalled(page);
	await press(other, "Allow");
	await isInstalled(other, "workspaces/business/sources/js");
	for (const tab of [page, other]) {
		await tab.reload();
		assert.equal(await heading(tab), "Connected");
	}
	await page.goto(demo.app);
	const links = await page.locator("main li li a").allInnerTexts();
	assert.deepEqual(links.sort(), ["workspaces/business/sources/js", "workspaces/userworkspace/sources/javascript"]);
});

browserTest("OA-02 the back button and a callback opened again harm nothing", { expects: [400, 409] }, async ({ page }) => {
	let callback;
	page.on("request", (one) => {
		if (one.url().includes("/callback?")) callback ??= one.url();
	});
	await install(page, demo);
	const address = page.url();
	assert.doesNotMatch(address, /code=|state=/);
	await page.goBack();
	assert.match(await text(page), /Begin again at the app/);
	await page.goForward();
	await isInstalled(page);

	await page.goto(callback);
	await page.reload();
	assert.equal(await heading(page), "Already used");
	await page.getByRole("link", { name: "workspaces/userworkspace/sources/javascript" }).click();
	await isInstalled(page);
	assert.equal(page.url(), address);
	assert.equal(await created(demo), 1);
});

browserTest("a second click on Enable goes on with the install that is there", {}, async ({ page }) => {
	await install(page, demo);
	const address = page.url();
	await page.goto(demo.app);
	await press(page, "Enable with Segment again");
	await press(page, "Allow");
	await isInstalled(page);
	assert.equal(page.url(), address);
});
