// What the policy of pages does to an app's own pages, and the way of docs/scripts.md to allow an origin.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { after, before } from "node:test";
import { APP_FOLDER, folder, request, startApp, top } from "../http/harness.mjs";
import { browserTest } from "./harness.mjs";

const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>';
const PAGE = (origin) => `<!doctype html>
<html lang="en"><head><title>x</title><style>h1 { color: rgb(1, 2, 3) }</style></head>
<body><h1 style="margin: 77px">x</h1><script>document.title = "changed"</script>
<button onclick="document.title = 'pressed'">Press</button>
<img id="foreign" alt="x" src="${origin}/x.svg"><img id="data" alt="x" src='data:image/svg+xml,${PICTURE}'></body></html>
`;

/** The code block of docs/scripts.md that allows an origin, for this one. */
function hook(origin) {
	const docs = readFileSync(path.join(top, "docs/scripts.md"), "utf8");
	const [, block] = docs.match(/```lua\n(local policy = reply\.policy [^`]*)```/);
	return block.replace("https://cdn.example.com", origin);
}

const script = (more) => `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
${more}
app:get("/", function() return reply.view "home" end)
return app
`;

let other, origin;
before(async () => {
	other = http.createServer((req, res) => res.writeHead(200, { "content-type": "image/svg+xml" }).end(PICTURE));
	other.listen(0, "127.0.0.1");
	await once(other, "listening");
	origin = `http://127.0.0.1:${other.address().port}`;
});
after(() => other.close());

/** Opens the page of an app with `more` in its script. Gives what the browser made of it. */
async function open({ page, problems }, more) {
	const place = folder();
	mkdirSync(path.join(place.name, APP_FOLDER, "views"), { recursive: true });
	writeFileSync(path.join(place.name, APP_FOLDER, "views/home.html"), PAGE(origin));
	const app = await startApp(script(more), { place });
	try {
		await page.goto(app.url, { waitUntil: "load" });
		await page.getByRole("button").click();
		const seen = await page.evaluate(() => ({
			title: document.title,
			color: getComputedStyle(document.querySelector("h1")).color,
			margin: getComputedStyle(document.querySelector("h1")).marginTop,
			foreign: document.querySelector("#foreign").naturalWidth,
			data: document.querySelector("#data").naturalWidth,
		}));
		const { headers } = await request(app.url);
		return { ...seen, policy: headers["content-security-policy"], said: problems.splice(0).join("\n") };
	} finally {
		await app.end();
		place.remove();
	}
}

browserTest("HT-06 HT-08 inline styles, inline scripts and foreign images of a page are left out, and the console says so", {}, async (visit) => {
	const seen = await open(visit, "");
	assert.equal(seen.title, "x");
	assert.notEqual(seen.color, "rgb(1, 2, 3)");
	assert.notEqual(seen.margin, "77px");
	assert.equal(seen.foreign, 0);
	assert.equal(seen.data, 7);
	for (const directive of ["style-src", "script-src", "img-src"]) {
		assert.match(seen.said, new RegExp(`violates the following Content Security Policy directive:? ["']${directive}`));
	}
});

browserTest("HT-06 an origin that reply.policy allows is loaded, and nothing else", {}, async (visit) => {
	const seen = await open(visit, hook(origin));
	assert.equal(seen.foreign, 7);
	assert.ok(seen.policy.includes(`img-src 'self' data: ${origin};`), seen.policy);
	assert.equal(seen.title, "x");
	assert.notEqual(seen.color, "rgb(1, 2, 3)");
	assert.doesNotMatch(seen.said, /img-src/);
});

browserTest("HT-06 the policy of pages is reply.policy {}", {}, async (visit) => {
	const plain = await open(visit, "");
	const own = await open(visit, 'app:after(function(_, response) response.headers["content-security-policy"] = reply.policy {} end)');
	assert.equal(own.policy, plain.policy);
	assert.match(plain.policy, /^default-src 'none'; /);
});
