// Makes the pictures of README.md: node tests/browser/screenshots.mjs
import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { startDemo, top } from "../http/harness.mjs";
import { begin, launch, logIn, press } from "./harness.mjs";

const folder = path.join(top, "docs");
mkdirSync(folder, { recursive: true });

// The addresses a reader sees in their own browser, rather than those of free ports.
const addresses = { LISTEN: "127.0.0.1:8888", SANDBOX_LISTEN: "127.0.0.1:8889", PUBLIC_URL: "http://localhost:8888" };
const demo = await startDemo({ env: addresses });
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
	const at = { app: addresses.PUBLIC_URL };
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
} finally {
	await browser.close();
	await demo.end();
}
