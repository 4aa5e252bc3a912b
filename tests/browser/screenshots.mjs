// Makes the pictures of README.md: node tests/browser/screenshots.mjs
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { folder as newFolder, json, request, startDemo, top } from "../http/harness.mjs";
import { begin, launch, logIn, press } from "./harness.mjs";

const folder = path.join(top, "docs");
mkdirSync(folder, { recursive: true });

// The addresses a reader sees in their own browser, rather than those of free ports.
const addresses = { LISTEN: "127.0.0.1:8888", SANDBOX_LISTEN: "127.0.0.1:8889", PUBLIC_URL: "http://localhost:8888" };
const app = newFolder();
cpSync(path.join(top, "lua/app"), app.name, { recursive: true });
const demo = await startDemo({ app: app.name, env: addresses });
const browser = await launch();
try {
	const context = await browser.newContext({
		viewport: { width: 1000, height: 800 }, deviceScaleFactor: 1, colorScheme: "light",
	});
	const page = await context.newPage();
	const take = async (name) => {
		const file = path.join(folder, `${name}.png`);
		await page.screenshot({ path: file });
		console.log(`${path.relative(top, file)} ${statSync(file).size} bytes`);
	};
	const at = { app: addresses.PUBLIC_URL, sandbox: `http://${addresses.SANDBOX_LISTEN}` };
	await page.goto(at.app);
	await take("home");
	await begin(page, at);
	await logIn(page);
	await page.getByLabel("Workspace and source").waitFor();
	await page.mouse.move(0, 0);
	await take("consent");
	await press(page, "Allow");
	await page.waitForURL(/\/installs\//);
	await page.mouse.move(0, 0);
	await take("install");
	await page.goto(`${at.app}/dashboard`);
	await page.goto((await page.locator("a[href$='/installs']").first().getAttribute("href")).replace(/^/, at.app));
	await page.locator("tbody a").first().click();
	await page.getByRole("link", { name: "How it was connected, step by step" }).click();
	await page.setViewportSize({ width: 1000, height: 1000 });
	await take("steps");
	await page.setViewportSize({ width: 1400, height: 900 });
	await page.goto(`${at.app}/dashboard/tester/acme`);
	await page.getByLabel("Region").selectOption("eu");
	await page.locator(".diff").waitFor();
	await page.mouse.move(0, 0);
	await take("tester");
	await page.setViewportSize({ width: 1000, height: 800 });
	const connect = { destination: "acme", settings: { api_key: "key-of-the-customer" } };
	await page.goto(at.sandbox);
	const writeKey = await page.locator("#sources + .card code").first().textContent();
	const source = await page.locator("#sources + .card td").first().textContent();
	await request(`${at.sandbox}/_sandbox/connections`, json({ ...connect, source }));
	await request(`${at.sandbox}/v1/track`, json({ writeKey, userId: "u-7", event: "Signed Up", properties: { plan: "pro" } }));
	await page.goto(at.sandbox);
	await page.getByRole("link", { name: "story of acme" }).first().click();
	await page.setViewportSize({ width: 1000, height: 1400 });
	await take("story");
	await page.setViewportSize({ width: 1000, height: 800 });
	const script = path.join(app.name, "init.lua");
	writeFileSync(script, readFileSync(script, "utf8").replace("if not destination then", "if destination == null || err then"));
	await page.setViewportSize({ width: 1000, height: 540 });
	await page.goto(at.app);
	await take("broken_save");
} finally {
	await browser.close();
	await demo.end();
	app.remove();
}
