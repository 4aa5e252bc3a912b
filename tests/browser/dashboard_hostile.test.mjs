// The dashboard shows what customers and upstreams have sent: markup, text that turns around or hides, bytes that are
// no text, long lines. No script of theirs runs, no page becomes wider than the screen, and what hides is visible.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before } from "node:test";
import { APP_FOLDER, during, folder, freePort, Jar, json, raw, request, startApp, startDemo, until } from "../http/harness.mjs";
import { browserTest, endBehind } from "./harness.mjs";

const MARKUP = `</textarea></title></script><script>window.pwned=1</script><img src=x onerror="window.pwned=1">`;
const TURNED = "\u202Egpj.exe\u2066\u200B\u061C";
const OWN = `${MARKUP}{{ error("x") }}{% error("x") %}{{{ y }}}&lt;b&gt;'"\``; // what the partner's own scripts may have
const NASTY = OWN + TURNED;
const LONG = "W".repeat(1 << 20);

const quoted = (text) => JSON.stringify(text).replace(/\\u([0-9a-f]{4})/gi, "\\u{$1}");

const APP = `
local partnerapp = require "partnerapp"
local http = require "partnerapp.http"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "acme", env = { PARTNER_URL = "" } }
app:oauth("/auth/segment", { scope = "destination/acme", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
app:get("/installs/:id", function() return reply.text "installed" end)
app:post("/take", function(req) return reply.text(req.body or "") end, { csrf = false })
app:get("/call/:what", function(req)
	http.post(app.env.PARTNER_URL .. "/" .. req.params.what, { body = ${quoted(NASTY)} })
	return reply.text "called"
end)
app.actions[${quoted(OWN)}] = function() error(${quoted(NASTY)}) end
app.actions.give = function() return { [${quoted(NASTY)}] = ${quoted(NASTY)}, long = ("W"):rep(1 << 20) } end
return app
`;

const DESTINATION = `
local destination = require "partnerapp.destination"
local nasty, own = ${quoted(NASTY)}, ${quoted(OWN)}
return destination.new {
	name = "Acme " .. own, slug = "acme", description = own,
	settings = {
		{ "api_key", type = "password", label = own, description = own, required = true },
		{ "region", type = "string", label = own, choices = { own, "us" }, default = own },
	},
	test_authentication = function(request) return request:get "https://acme.example/me" end,
	actions = { { "track", title = own, description = own, trigger = 'type = "track"',
		fields = { { "event", type = "string", label = own, description = own, default = { ["@path"] = "$.event" } } },
		perform = function(request, data)
			request:post("https://acme.example/events?e=" .. data.payload.event:sub(1, 20):gsub("%W", ""), {
				headers = { ["x-nasty"] = "<b>bold</b>" }, json = { event = data.payload.event, nasty = nasty } })
			error(nasty)
		end } },
}
`;

const changes = []; // what the upstream was asked to change

async function openUpstream() {
	const server = http.createServer((req, res) => {
		const send = (status, body, headers = {}) => res.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
		const at = "workspaces/w/sources/s/destinations/acme";
		if (req.method !== "GET" && req.method !== "HEAD") changes.push(`${req.method} ${req.url}`);
		req.resume().on("end", () => {
			if (req.url === "/oauth2/token") return send(200, JSON.stringify({
				access_token: "token-of-the-upstream", token_type: "bearer", expires_in: 3600, scope: "destination/acme", app_name: "apps/1",
				install_name: "installs/1", workspace_names: ["workspaces/w"], source_names: ["workspaces/w/sources/s"],
			}));
			if (req.url.includes("/catalog/")) return send(200, JSON.stringify({ settings: [
				{ name: `${at}/config/region`, description: NASTY, type: "string", required: true, select_validators: { select_options: [NASTY, "us"] } },
			] }));
			if (req.url.endsWith("/acme") && req.method === "GET") return send(200, JSON.stringify({
				name: at, display_name: NASTY, enabled: true, connection_mode: NASTY, config: [
					{ name: `${at}/config/region`, display_name: NASTY, type: "string", value: NASTY },
					{ name: `${at}/config/${MARKUP}`, display_name: NASTY, type: NASTY, value: { a: NASTY } },
				],
			}));
			if (req.method === "PATCH" || req.url.endsWith("/token")) return send(400, JSON.stringify({ error: NASTY, code: 3 }));
			if (req.url === "/binary") return send(200, Buffer.from([0, 255, 254, 60, 98, 62, 0, 10]), { "content-type": "text/html" });
			if (req.url === "/long") return send(200, LONG.slice(0, 250000), { "x-long": "W".repeat(8000) });
			return send(500, NASTY, { "content-type": "text/html", "x-markup": MARKUP });
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return { url: `http://127.0.0.1:${server.address().port}`, close: () => (server.closeAllConnections(), server.close()) };
}

let upstream, place, app, id;
before(async () => {
	upstream = await openUpstream();
	place = folder();
	mkdirSync(path.join(place.name, APP_FOLDER, "destinations/tests/acme"), { recursive: true });
	writeFileSync(path.join(place.name, APP_FOLDER, "destinations/acme.lua"), DESTINATION);
	const port = await freePort(), url = `http://localhost:${port}`;
	app = await startApp(APP, { place, env: {
		LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: url, SEGMENT_ID_URL: upstream.url, SEGMENT_API_URL: upstream.url, PARTNER_URL: upstream.url,
	} });
	app.url = url;
	const jar = new Jar(), begun = await request(`${url}/auth/segment`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const done = await request(`${url}/auth/segment/callback?state=${state}&code=x`, { jar });
	id = done.location?.split("/").at(-1);
	assert.ok(id, done.text);

	const take = (body, headers = {}) => request(`${url}/take?q=${encodeURIComponent(NASTY)}`, { method: "POST", body, headers });
	await take(NASTY, { "content-type": "text/html", "user-agent": MARKUP, referer: MARKUP });
	await take(LONG.slice(0, 260000), { "x-long": "W".repeat(9000) });
	await take(Buffer.from([0, 255, 254, 10, 60, 98, 62]), { "content-type": "application/json" });
	await take("[".repeat(100000), { "content-type": "application/json" });
	await take(JSON.stringify({ type: "track", event: NASTY, properties: { [NASTY]: NASTY } }), { "content-type": "application/json" });
	await take(Buffer.from(NASTY, "utf16le"));
	await raw(port, `GET /${encodeURIComponent(NASTY)}?${"x".repeat(6000)} HTTP/1.1\r\nHost: localhost\r\nX-Latin: \xe9<b>\r\nConnection: close\r\n\r\n`);
	await raw(port, "GET <script>alert(1)</script> HTTP/1.1\r\nHost: localhost\r\n<b>: x\r\n\r\n").catch(() => "");
	const many = Array.from({ length: 60 }, (_, i) => `X-${i}: ${"<b>"}${i}\r\n`).join("");
	await raw(port, `GET /many HTTP/1.1\r\nHost: localhost\r\n${many}Connection: close\r\n\r\n`);
	for (const what of ["binary", "long", "markup"]) await request(`${url}/call/${what}`);
});
after(async () => {
	await app?.end();
	await upstream.close();
	place.remove();
});

/** What holds on every page, whatever it shows. */
async function isUnharmed(page) {
	const seen = await page.evaluate(() => ({
		pwned: window.pwned,
		wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		strange: document.querySelectorAll("main script:not([src]), main img, main b").length,
		text: document.body.innerText,
		templates: /\b49\b/.test(document.title),
	}));
	assert.equal(seen.pwned, undefined, page.url());
	assert.equal(seen.strange, 0, `markup of others on ${page.url()}`);
	assert.ok(seen.wide <= 0, `${page.url()} is ${seen.wide} px wider than the screen`);
	const hidden = seen.text.match(/[\u202A-\u202E\u2066-\u2069\u200B\u061C\u0000]/);
	assert.equal(hidden, null, `${page.url()}: ${JSON.stringify(seen.text.slice(Math.max(0, hidden?.index - 80), hidden?.index + 20))}`);
}

for (const width of [375, 1280]) {
	browserTest(`HT-04 HT-06 HT-08 hostile content harms no page, ${width} px wide`, { viewport: { width, height: 800 }, expects: [404, 422, 502, 500] },
		async ({ page }) => {
			await until(() => request(`${app.url}/dashboard/traffic?q=/markup`), (answer) => answer.text.includes("/call/markup"));
			changes.length = 0;
			const seen = new Set(), waiting = ["/dashboard", `/dashboard/installs/${id}/destination`, "/dashboard/tester/acme?action=track"];
			while (waiting.length) {
				const address = waiting.pop();
				if (seen.has(address)) continue;
				seen.add(address);
				await page.goto(app.url + address);
				await isUnharmed(page);
				const links = await page.locator("a[href^='/dashboard']:not([download])").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
				waiting.push(...links.filter((one) => !/har$|[?&](q|status|direction|before)=/.test(one)));
			}
			assert.ok(seen.size > 20, [...seen].join(" "));
			assert.deepEqual(changes, [], "to look at pages changed something (HT-04)");
			for (const query of [`q=${encodeURIComponent(NASTY)}`, "q=%25&status=4", `install=${encodeURIComponent(NASTY)}`, `outcome=${encodeURIComponent(NASTY)}`]) {
				await page.goto(`${app.url}/dashboard/traffic?${query}`);
				await isUnharmed(page);
			}
			for (const address of [`installs?q=${encodeURIComponent(NASTY)}`, `deliveries?outcome=${encodeURIComponent(NASTY)}`, `tester/acme?load=${encodeURIComponent(`test ${NASTY}`)}`, encodeURIComponent("<b>x</b>")]) {
				await page.goto(`${app.url}/dashboard/${address}`);
				await isUnharmed(page);
			}
		});
}

browserTest("HT-08 what is typed into the tester and its forms harms no page", { viewport: { width: 375, height: 800 }, expects: [404, 422, 502, 500] },
	async ({ page }) => {
		for (const event of [{ type: "track", event: NASTY, userId: NASTY }, { type: "track", event: LONG.slice(0, 200000), [NASTY]: NASTY }]) {
			await page.goto(`${app.url}/dashboard/tester/acme?action=track`);
			await page.getByRole("textbox", { name: "Event", exact: true }).fill(JSON.stringify(event));
			await page.getByRole("button", { name: "Run", exact: true }).click();
			await page.getByText("Not delivered").first().waitFor();
			await isUnharmed(page);
		}
		await page.getByRole("textbox", { name: "Event", exact: true }).fill(NASTY);
		await page.getByText("cannot be read").waitFor();
		await isUnharmed(page);

		const install = `${app.url}/dashboard/installs/${id}`;
		for (const action of [OWN, "give"]) {
			await page.goto(install);
			await page.locator("#action").evaluate((select, name) => (select.value = name), action);
			await page.getByRole("button", { name: "Run", exact: true }).click();
			await page.locator(".notice").waitFor();
			await isUnharmed(page);
		}
		await page.goto(install);
		await page.getByRole("button", { name: "Renew the token now" }).click();
		await page.locator(".notice").waitFor();
		await isUnharmed(page);
	});

browserTest("HT-08 an event that came through the sandbox harms no page", { viewport: { width: 375, height: 800 } }, async ({ page }) => {
	const demo = await startDemo();
	await during(async () => {
		await page.goto(demo.sandbox);
		const source = await page.locator("#sources + .card td").first().textContent();
		const writeKey = await page.locator("#sources + .card code").first().textContent();
		await request(`${demo.sandbox}/_sandbox/connections`, json({ destination: "acme", settings: { api_key: "key-of-the-customer" }, source }));
		await request(`${demo.sandbox}/v1/track`, json({ writeKey, userId: NASTY, event: NASTY, properties: { [NASTY]: NASTY } }));
		const first = page.locator("tbody a[href^='/dashboard/deliveries/']").first();
		await page.goto(`${demo.app}/dashboard/deliveries`);
		while (await first.count() === 0) await page.reload();
		await isUnharmed(page);
		const address = await first.getAttribute("href");
		await page.goto(demo.app + address);
		await isUnharmed(page);
		assert.doesNotMatch(await page.content(), /key-of-the-customer/);
		await page.getByRole("link", { name: "Try it again in the tester" }).click();
		await page.getByText("Would be delivered").first().waitFor();
		await isUnharmed(page);
	}, () => endBehind(page, demo));
});
