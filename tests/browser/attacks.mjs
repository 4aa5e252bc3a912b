// What a page of another site can try against a server on this machine.

/** An empty page. */
export const PAGE = "<!doctype html><html lang=en><title>page</title>";

/** Runs on a page: fetches, and says what came of each. */
export async function fetches({ url, body }) {
	const results = [];
	for (const options of [
		{ headers: { "content-type": "application/json" } },
		{ headers: { "content-type": "text/plain" } },
		{ headers: { "content-type": "text/plain" }, mode: "no-cors" },
		{ headers: { "content-type": "application/x-www-form-urlencoded" }, mode: "no-cors", credentials: "include" },
		{ headers: { "content-type": "application/json" }, mode: "no-cors" },
	]) {
		const call = fetch(url, { method: "POST", body, ...options });
		results.push(await call.then((answer) => answer.status, () => "failed"));
	}
	return results;
}

/** Runs on a page: sends a form, whose body is JSON, and a beacon. */
export function sendForm({ url, body }) {
	navigator.sendBeacon(url, new Blob([body], { type: "text/plain" }));
	const form = document.body.appendChild(document.createElement("form"));
	Object.assign(form, { method: "post", action: url, enctype: "text/plain" });
	const field = form.appendChild(document.createElement("input"));
	const at = body.indexOf("="); // a form writes name=value
	Object.assign(field, { name: at < 0 ? body.replace("{", '{"x":"') : body, value: '"}' });
	form.submit();
}

/** Takes the problems that a refusal is: the browser tells each on the console. */
export function forget(problems) {
	for (let i = problems.length - 1; i >= 0; i--) if (/^(console|failed): /.test(problems[i])) problems.splice(i, 1);
}

/** Answers with an empty page at an origin, which the person at the browser lets reach this machine. */
export async function pageAt({ page, context }, origin) {
	const session = await context.newCDPSession(page);
	const { targetInfo: { browserContextId } } = await session.send("Target.getTargetInfo");
	// An older Chromium does not ask, and knows no such permission.
	await session.send("Browser.grantPermissions", { origin, browserContextId, permissions: ["loopbackNetwork"] }).catch(() => {});
	await page.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
	await page.goto(`${origin}/`);
}
