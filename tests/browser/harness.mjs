// Opens the real pages in Debian's Chromium. A page fails its test on any console error, script error, failed request
// or violation of the Content-Security-Policy, unless the test says that it expects it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { request } from "../http/harness.mjs";

// The headless shell is the same engine without the browser around it, and takes a quarter of the CPU.
const FIND = "command -v chromium-headless-shell || command -v chromium";
const executablePath = execFileSync("sh", ["-c", FIND], { encoding: "utf8" }).trim();

// All pages in one process: otherwise each new address starts one, which takes longer than the page.
const ONE_PROCESS = ["--renderer-process-limit=1", "--disable-site-isolation-trials"];

/** The browser; one for each file of tests. */
export function launch() {
	const args = process.getuid() === 0 ? [...ONE_PROCESS, "--no-sandbox"] : ONE_PROCESS;
	return chromium.launch({ executablePath, args });
}

let shared;
after(async () => (await shared)?.close());

function watch(page, problems) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
	page.on("requestfailed", (request) => {
		const why = request.failure()?.errorText;
		// A script's request ends like this when the browser leaves the page: not a problem.
		if (request.resourceType() === "fetch" && why === "net::ERR_ABORTED") return;
		problems.push(`failed: ${request.url()} ${why}`);
	});
	page.on("response", (response) => {
		if (response.status() >= 400) problems.push(`status ${response.status()}: ${new URL(response.url()).pathname}`);
	});
	page.setDefaultTimeout(60_000); // for a test that fails
}

/** The problems without the lines of an expected status: the one of `watch`, and Chromium's on the console. */
export function unexpected(problems, expects) {
	const told = new RegExp(`^(status|console: Failed to load .* status of) (${["none", ...expects].join("|")})\\b`);
	return problems.filter((line) => !told.test(line));
}

/**
 * A test with a page in a context of its own. `expects` are the statuses from 400 on that its pages may answer with.
 * The body gets { page, context, problems }; what is left in `problems` at its end fails the test.
 */
export function browserTest(name, { expects = [], ...options }, body) {
	test(name, async () => {
		shared ??= launch();
		const context = await (await shared).newContext(options);
		const problems = [];
		try {
			context.on("page", (page) => watch(page, problems));
			const page = await context.newPage();
			await body({ page, context, problems });
			assert.deepEqual(unexpected(problems, expects), []);
		} finally {
			await context.close();
		}
	});
}

/** Ends a server whose page may be open still: that would go on asking the server whether there is something new. */
export async function endBehind(page, server) {
	await page.goto("about:blank");
	await server.end();
}

/** The button or link with that name, exactly. */
export const press = (page, name) =>
	page.getByRole("button", { name, exact: true }).or(page.getByRole("link", { name, exact: true })).click();

/** From the home page to the login page. */
export async function begin(page, demo) {
	await page.goto(demo.app);
	await press(page, "Enable with Segment");
}

/** From the login page to the consent page. */
export async function logIn(page, { email = "user@example.com", password = "password" } = {}) {
	await page.getByLabel("E-mail").fill(email);
	await page.getByLabel("Password").fill(password);
	await press(page, "Log in");
}

/** From the home page to the consent page. */
export async function toConsent(page, demo) {
	await begin(page, demo);
	await logIn(page);
	await page.getByRole("button", { name: "Allow", exact: true }).waitFor();
}

/** The whole walk, to the page of the install. */
export async function install(page, demo) {
	await toConsent(page, demo);
	await press(page, "Allow");
	await page.waitForURL(/\/installs\//);
}

export const heading = (page) => page.getByRole("heading", { level: 1 }).innerText();
export const text = (page) => page.locator("main").innerText();

/** Waits for the page of an install and looks at what it says. */
export async function isInstalled(page, source = "workspaces/userworkspace/sources/javascript") {
	await page.waitForURL(/\/installs\/[\w-]+$/);
	assert.equal(await heading(page), "Connected");
	const said = await text(page);
	assert.match(said, /Google Analytics is enabled on your source/);
	assert.match(said, new RegExp(`${source}\\s`));
	assert.match(said, /UA-970334309-1/);
}

/** How many destinations the sandbox was asked to create. */
export async function created(demo) {
	const answer = await request(`${demo.sandbox}/_sandbox/requests`);
	return answer.json().requests.filter((one) => one.method === "POST" && one.path.endsWith("/destinations")).length;
}
