// The browser harness itself: a page with a problem fails its test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserTest, unexpected } from "./harness.mjs";

const CSP = "default-src 'none'; style-src 'self'; script-src 'self'";

/** Opens a page of the test's own, gives the problems noticed on it, and removes them from the test's list. */
async function noticed({ page, problems }, body, { headers = {}, status = 200 } = {}) {
	await page.route("http://page.test/**", (route) =>
		route.request().resourceType() === "document"
			? route.fulfill({ status, headers, contentType: "text/html", body: `<!doctype html><title>x</title>${body}` })
			: route.abort());
	await page.goto("http://page.test/", { waitUntil: "load" });
	return problems.splice(0).join("\n");
}

const WRONG = {
	"a console error": [/console: oh no/, "<script>console.error('oh no')</script>"],
	"a script error": [/script: .*absent/, "<script>absent()</script>"],
	"a failed request": [/failed: http:\/\/page\.test\/x\.png/, "<img src=/x.png alt=x>"],
	"an inline style": [/Content Security Policy/, "<p style='color:red'>x", { headers: { "content-security-policy": CSP } }],
	"an inline script": [/Content Security Policy/, "<script>1</script>", { headers: { "content-security-policy": CSP } }],
	"a status from 400 on": [/status 404: \//, "x", { status: 404 }],
};

for (const [name, [wanted, body, answer]] of Object.entries(WRONG)) {
	browserTest(`HT-06 ${name} is noticed`, {}, async (visit) => {
		assert.match(await noticed(visit, body, answer), wanted);
	});
}

browserTest("a page without a problem passes", {}, async (visit) => {
	assert.equal(await noticed(visit, "<p>fine"), "");
});

test("an unexpected problem is left, an expected one is not", () => {
	const told = ["status 409: /x", "console: Failed to load resource: the server responded with a status of 409 (Conflict)"];
	assert.deepEqual(unexpected(told, [409]), []);
	assert.deepEqual(unexpected(told, [404]), told);
	assert.deepEqual(unexpected(told, []), told);
	assert.deepEqual(unexpected(["console: Refused to load"], [409]), ["console: Refused to load"]);
});
