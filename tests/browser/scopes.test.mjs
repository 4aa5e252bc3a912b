// The three scopes as a person meets them, and the end of an install, over the demo.
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { request, startDemo } from "../http/harness.mjs";
import { browserTest, heading, install, isInstalled, logIn, press, text } from "./harness.mjs";

const FIRST = "workspaces/userworkspace";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo.end());
beforeEach(() => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" }));

/** From the home page to consent and back, by a link of the other scopes. */
async function connect(page, link) {
	await page.goto(demo.app);
	await press(page, link);
	await logIn(page);
	assert.doesNotMatch(await text(page), /source\b.*\/ javascript/, "no source is asked for");
	await press(page, "Allow");
	await page.waitForURL(/\/installs\/[\w-]+\/(report|sources)$/);
}

browserTest("workspace:read: a report on the workspace", {}, async ({ page }) => {
	await connect(page, "Report on a workspace");
	assert.equal(await heading(page), "What is in the workspace");
	assert.match(await text(page), new RegExp(`${FIRST}[^]*javascript[^]*no destination yet`));
	await press(page, "About this install");
	assert.match(await text(page), /can read the workspace/);
	await press(page, "See what this scope allows");
	assert.equal(await heading(page), "What is in the workspace");
});

browserTest("workspace: a source is created; one that exists is refused, and what was typed stays", { expects: [422] }, async ({ page }) => {
	await connect(page, "Create a source");
	await page.getByLabel("Name").fill("phone");
	await page.getByLabel("Kind").selectOption("ios");
	await press(page, "Create the source");
	assert.match(await text(page), new RegExp(`${FIRST}/sources/phone is there`));
	await page.getByLabel("Name").fill("javascript");
	await page.getByLabel("Kind").selectOption("android");
	await press(page, "Create the source");
	assert.match(await page.getByRole("alert").innerText(), /source already exists/);
	assert.equal(await page.getByLabel("Name").inputValue(), "javascript");
	assert.equal(await page.getByLabel("Kind").inputValue(), "android");
});

browserTest("the sandbox's page shows what happens while one looks at it", {}, async ({ page, context }) => {
	await page.goto(demo.sandbox);
	assert.doesNotMatch(await text(page), /installs\/1/);
	await page.evaluate(() => (window.kept = "yes"));
	const other = await context.newPage();
	await install(other, demo);
	await page.bringToFront();
	await page.getByText("installs/1", { exact: true }).waitFor();
	await page.getByText(`${FIRST}/sources/javascript/destinations/google-analytics`, { exact: true }).waitFor();
	await page.getByText("/oauth2/token").first().waitFor();
	const summary = page.locator("summary", { hasText: "/oauth2/token" });
	await summary.click();
	await page.getByText("grant_type=authorization_code").waitFor();
	const before = await page.locator("summary").count();
	await request(`${demo.sandbox}/v1beta/nothing`); // the page is updated
	await page.locator("summary", { hasText: "/v1beta/nothing" }).waitFor();
	// The page of the install may have asked for its destination in between.
	assert.ok(await page.locator("summary").count() > before);
	assert.ok(await page.getByText("grant_type=authorization_code").isVisible(), "what was opened stays open");
	assert.equal(await page.evaluate(() => document.activeElement.innerText.includes("/oauth2/token")), true);
	assert.equal(await page.evaluate(() => window.kept), "yes", "the page was not loaded anew");
});

browserTest("a disconnected install is gone, and Segment says so when one connects again", { expects: [404, 409] }, async ({ page }) => {
	await install(page, demo);
	await isInstalled(page);
	const where = page.url();
	await press(page, "Disconnect");
	assert.equal(await heading(page), "Disconnect?");
	await press(page, "Keep it connected");
	await isInstalled(page);
	await press(page, "Disconnect");
	await press(page, "Disconnect");
	assert.equal(await heading(page), "Disconnected");
	assert.match(await text(page), /Remove it in the settings of workspaces\/userworkspace/);
	assert.equal(new URL(await page.getByRole("link", { name: "the sandbox's page" }).getAttribute("href")).origin, demo.sandbox);
	await page.goto(where);
	assert.match(await text(page), /no such install/);
	await page.goto(demo.app);
	await press(page, "Enable with Segment");
	await press(page, "Allow");
	await page.waitForURL(/callback/);
	assert.equal(await heading(page), "Already installed");
	assert.ok((await text(page)).includes(`the sandbox's page has a button for that: ${demo.sandbox}`));
	await page.goto(demo.sandbox);
	await press(page, "Remove installs/1");
	await page.goto(demo.app);
	await press(page, "Enable with Segment");
	await press(page, "Allow");
	await isInstalled(page);
});

browserTest("after an exchange that failed the page says what to remove, and then it works", { expects: [502] }, async ({ page }) => {
	await page.goto(demo.app);
	await press(page, "Enable with Segment");
	await logIn(page);
	await request(`${demo.sandbox}/_sandbox/faults`, {
		method: "POST", headers: { "content-type": "application/json" }, body: '{"path": "/oauth2/token", "status": 503}',
	});
	await press(page, "Allow");
	await page.waitForURL(/callback/);
	assert.equal(await heading(page), "Segment is not available");
	assert.match(await text(page), /Remove it there, in the workspace's settings at Segment, before another try/);
	await press(page, demo.sandbox);
	await press(page, "Remove installs/1");
	await page.goto(demo.app);
	await press(page, "Enable with Segment");
	await press(page, "Allow");
	await isInstalled(page);
});

browserTest("an install that is removed at Segment has to be connected again, and the page leads there", {}, async ({ page }) => {
	await install(page, demo);
	await isInstalled(page);
	const where = page.url();
	await page.goto(demo.sandbox);
	await press(page, "Remove installs/1");
	await page.goto(where);
	assert.match(await text(page), /has to be connected again: Segment refused to renew the token/);
	await press(page, "Connect again");
	await press(page, "Allow");
	await isInstalled(page);
});
