// The walk under the names of this machine: app and sandbox at one host, another program's cookies there, and a visit
// under another name than PUBLIC_URL's.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { request, startDemo } from "../http/harness.mjs";
import { browserTest, created, install, isInstalled, logIn, press } from "./harness.mjs";

const reset = (demo) => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });

/** The program's own cookies in the browser, by name. */
const ours = async (context) => (await context.cookies()).map((one) => one.name).filter((name) => name.startsWith("partnerapp_")).sort();

describe("PUBLIC_URL at 127.0.0.1, where the sandbox is", () => {
	let demo;
	before(async () => (demo = await startDemo({ host: "127.0.0.1" })));
	after(() => demo.end());

	browserTest("TO-07 app and sandbox keep their sessions apart, and from other programs at this address", {}, async ({ page, context }) => {
		await reset(demo);
		assert.equal(new URL(demo.app).hostname, new URL(demo.sandbox).hostname);
		const theirs = ["session", "flow_x", "connect.sid"].map((name) => ({ name, value: "theirs=a", url: demo.app, httpOnly: true }));
		await context.addCookies(theirs);
		await install(page, demo);
		await isInstalled(page);
		const at = page.url();
		const names = [demo.app, demo.sandbox].map((origin) => `partnerapp_${new URL(origin).port}_session`).sort();
		assert.deepEqual(await ours(context), names);
		await page.goto(`${demo.app}/auth/segment`);
		await press(page, "Allow"); // without a login: the sandbox's session is there
		await isInstalled(page); // already, by the same browser: the app's session is there
		assert.equal(page.url(), at);
		for (const { name, value } of theirs)
			assert.equal((await context.cookies()).find((one) => one.name === name).value, value);
	});

	browserTest("TO-06 a walk that begins at localhost goes on at 127.0.0.1", {}, async ({ page }) => {
		await reset(demo);
		await page.goto(demo.app.replace("127.0.0.1", "localhost"));
		assert.equal(page.url(), `${demo.app}/`);
		await press(page, "Enable with Segment");
		await logIn(page);
		await press(page, "Allow");
		await isInstalled(page);
	});
});

describe("PUBLIC_URL at localhost", () => {
	let demo;
	before(async () => (demo = await startDemo()));
	after(() => demo.end());

	for (const [from, path] of [["its start page", "/"], ["the flow itself", "/auth/segment"]]) {
		browserTest(`TO-06 a walk that begins at 127.0.0.1, on ${from}, ends at localhost`, {}, async ({ page, context }) => {
			await reset(demo);
			await page.goto(demo.app.replace("localhost", "127.0.0.1") + path);
			if (path === "/") await press(page, "Enable with Segment");
			await logIn(page);
			await press(page, "Allow");
			await isInstalled(page);
			assert.equal(new URL(page.url()).origin, demo.app);
			assert.equal(await created(demo), 1);
			const all = await context.cookies();
			assert.deepEqual(all.filter((one) => one.domain === "127.0.0.1" && one.name.includes(`_${new URL(demo.app).port}_`)), []);
		});
	}

	browserTest("TO-06 the sandbox's pages, opened at localhost, are led to its address", {}, async ({ page }) => {
		await page.goto(demo.sandbox.replace("127.0.0.1", "localhost"));
		assert.equal(page.url(), `${demo.sandbox}/`);
	});
});
