// The install flow as a person walks it, over the demo: once, twice, at once, backwards and again.
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { request, startDemo } from "../http/harness.mjs";
import { begin, browserTest, created, heading, install, isInstalled, logIn, press, text, toConsent } from "./harness.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo.end());
beforeEach(() => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" }));

browserTest("the whole walk ends at a destination that is created and enabled", {}, async ({ page }) => {
	await begin(page, demo);
	assert.equal(await heading(page), "Log in");
	assert.equal(new URL(page.url()).origin, demo.sandbox);
	await logIn(page);
	const consent = await text(page);
	assert.match(consent, /Demo app wants to connect/);
	assert.match(consent, /Create the destination Google Analytics/);
	assert.match(consent, /destination\/google-analytics/);
	assert.ok(consent.includes(new URL(demo.app).host), "it says where the browser goes");
	const choices = await page.getByLabel("Workspace and source").locator("option").allInnerTexts();
	assert.deepEqual(choices, ["User Workspace / javascript", "Business / js"]);
	await press(page, "Allow");
	await isInstalled(page);
	assert.equal(await created(demo), 1);
	await press(page, "To the start page");
	assert.match(await text(page), /Your workspace is connected/);
});

browserTest("deny ends at a page that a person understands, with a way back", { expects: [403] }, async ({ page }) => {
	await toConsent(page, demo);
	await press(page, "Deny");
	assert.equal(new URL(page.url()).origin, demo.app);
	assert.equal(await heading(page), "Not connected");
	assert.match(await text(page), /nothing was changed/);
	assert.equal(await created(demo), 0);
	await press(page, "Start again");
	await press(page, "Allow");
	await isInstalled(page);
});

browserTest("a wrong password keeps the e-mail that was typed", { expects: [401] }, async ({ page }) => {
	await begin(page, demo);
	await logIn(page, { email: "someone@example.com", password: "wrong & \"quoted\"" });
	assert.match(await page.getByRole("alert").innerText(), /do not belong together/);
	assert.equal(await page.getByLabel("E-mail").inputValue(), "someone@example.com");
	assert.equal(await page.getByLabel("Password").inputValue(), "");
	await logIn(page);
	await press(page, "Allow");
	await isInstalled(page);
});

browserTest("the walk works without JavaScript", { javaScriptEnabled: false }, async ({ page }) => {
	await install(page, demo);
	await isInstalled(page);
});

/** Tabs to the element with that text or label; everything on the way shows its focus. */
async function tabTo(page, wanted) {
	for (let i = 0; i < 10; i++) {
		await page.keyboard.press("Tab");
		const on = await page.evaluate(() => {
			const element = document.activeElement;
			const style = getComputedStyle(element);
			return {
				name: element.labels?.[0]?.innerText ?? element.innerText,
				shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
			};
		});
		assert.ok(on.shown, `${on.name} shows that it has the focus`);
		if (on.name === wanted) return;
	}
	assert.fail(`Tab does not lead to ${wanted}`);
}

browserTest("the walk works with the keyboard alone", {}, async ({ page }) => {
	await page.goto(demo.app);
	await tabTo(page, "Enable with Segment");
	await page.keyboard.press("Enter");
	await page.locator("#email:focus").waitFor();
	await page.keyboard.type("user@example.com");
	await tabTo(page, "Password");
	await page.keyboard.type("password");
	await page.keyboard.press("Enter");
	await page.getByLabel("Workspace and source").waitFor();
	await tabTo(page, "Workspace and source");
	await page.keyboard.press("ArrowDown");
	await tabTo(page, "Allow");
	await page.keyboard.press("Enter");
	await isInstalled(page, "workspaces/business/sources/js");
	await tabTo(page, "To the start page");
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "Your workspace is connected" }).waitFor();
});

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

browserTest("OA-02 the back button and a callback opened again change nothing", { expects: [400, 409] }, async ({ page }) => {
	let callback;
	page.on("request", (one) => {
		if (one.url().includes("/callback?")) callback ??= one.url();
	});
	await install(page, demo);
	const address = page.url();
	assert.doesNotMatch(address, /code=|state=/);
	await page.goBack();
	assert.match(await text(page), /Begin again at the app/);
	assert.equal(await page.getByRole("link", { name: `${demo.app}/` }).getAttribute("href"), `${demo.app}/`);
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
