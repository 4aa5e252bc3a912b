// Files as editors and other systems write them: marks at their beginning, line ends, encodings, endings and names.
import assert from "node:assert/strict";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { APP_FOLDER, during, folder, request, run, startApp } from "./harness.mjs";

const BOM = "\ufeff";
const INIT = `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
local part = require "part"
app:get("/", function() return reply.view("home", { name = part.name }) end)
app:get("/raise", function() error("on purpose") end)
return app
`;
const PART = `return { name = "Ada" }\n`;
const VIEW = "<p>{{ name }}</p>\n{% if name then %}\n<i>yes</i>\n{% end %}\n";
const TEST = `local testing = require "partnerapp.testing"
testing.case("home", function(t) t.equal(testing.client():get("/").status, 200) end)
`;
const DESTINATION = `return require("partnerapp.destination").new {
	name = "Acme", slug = "acme", settings = {}, actions = {},
}
`;
const crlf = (text) => text.replaceAll("\n", "\r\n");
const utf16 = (text, order) => {
	const bytes = Buffer.from(BOM + text, "utf16le");
	return order === "be" ? bytes.swap16() : bytes;
};

const FILES = {
	"init.lua": INIT, "part.lua": PART, "views/home.html": VIEW, "tests/home_test.lua": TEST, "destinations/acme.lua": DESTINATION,
};

function write(place, files) {
	for (const [name, bytes] of Object.entries(files)) {
		const file = path.join(place.name, APP_FOLDER, name);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, bytes);
	}
}

async function inFolder(files, body) {
	const place = folder();
	write(place, files);
	await during(() => body(place), async () => place.remove());
}

const changed = (change, names = Object.keys(FILES)) =>
	Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, names.includes(name) ? change(text) : text]));

describe("TO-04 scripts and views", { concurrency: 2 }, () => {
	const scripts = Object.keys(FILES).filter((name) => name.endsWith(".lua"));
	for (const [what, files] of [
		["a BOM", changed((text) => BOM + text)],
		["CRLF", changed(crlf)],
		["a BOM and CRLF", changed((text) => BOM + crlf(text))],
		["a first line #!", changed((text) => `#!/usr/bin/env lua\n${text}`, scripts)],
		["a BOM, #! and CRLF", changed((text) => BOM + crlf(`#!/usr/bin/env lua\n${text}`), scripts)],
	]) {
		test(`with ${what} load, and are served without it`, () => inFolder(files, async (place) => {
			const script = files["init.lua"];
			const app = await startApp(script, { place });
			await during(async () => {
				const page = await request(app.url, { headers: { accept: "text/html" } });
				assert.equal(page.status, 200, page.text);
				assert.equal(page.text.replaceAll("\r", ""), "<p>Ada</p>\n\n<i>yes</i>\n\n");
				const line = script.split(/\r?\n/).findIndex((text) => text.includes("on purpose")) + 1;
				const fault = await request(`${app.url}/raise`, { headers: { accept: "application/json" } });
				assert.match(fault.json().error, new RegExp(`^init\\.lua:${line}: on purpose`));
			}, () => app.stop());
			const check = await run(["check"], { cwd: place.name });
			assert.equal(check.code, 0, check.out + check.err);
			const tested = await run(["test"], { cwd: place.name });
			assert.equal(tested.code, 0, tested.out + tested.err);
			assert.match(tested.out, /1 passed, 0 failed/);
			const tried = await run(["try", "acme", "--sample", "track"], { cwd: place.name });
			assert.doesNotMatch(tried.out + tried.err, /unexpected symbol|acme\.lua:/);
		}));
	}

	for (const [what, bytes] of [
		["UTF-16, the low byte first", (text) => utf16(text)],
		["UTF-16, the high byte first", (text) => utf16(text, "be")],
		["UTF-16 without a mark", (text) => utf16(text).subarray(2)],
	]) {
		for (const name of Object.keys(FILES))
			test(`${name} in ${what} is an error that says so`, () => inFolder({ ...FILES, [name]: bytes(FILES[name]) }, async (place) => {
				const { code, out, err } = await run(["check"], { cwd: place.name });
				assert.match(out + err, new RegExp(`${name}:1: the file is UTF-16: save it as UTF-8`));
				assert.equal(code, 1);
			}));
	}
});

const TYPES = {
	"a.jpg": "image/jpeg", "a.jpeg": "image/jpeg", "a.gif": "image/gif", "a.webp": "image/webp", "a.avif": "image/avif",
	"a.png": "image/png", "a.svg": "image/svg+xml", "a.ico": "image/x-icon", "a.bmp": "image/bmp",
	"a.woff": "font/woff", "a.woff2": "font/woff2", "a.ttf": "font/ttf", "a.otf": "font/otf", "a.eot": "application/vnd.ms-fontobject",
	"a.css": "text/css; charset=utf-8", "a.js": "text/javascript; charset=utf-8", "a.mjs": "text/javascript; charset=utf-8",
	"a.css.map": "application/json", "a.json": "application/json", "a.webmanifest": "application/manifest+json",
	"a.wasm": "application/wasm", "a.pdf": "application/pdf", "a.csv": "text/csv; charset=utf-8", "a.zip": "application/zip",
	"a.txt": "text/plain; charset=utf-8", "a.md": "text/markdown; charset=utf-8", "a.xml": "application/xml",
	"a.html": "text/html; charset=utf-8", "a.htm": "text/html; charset=utf-8", "a.mp4": "video/mp4", "a.webm": "video/webm",
	"a.mp3": "audio/mpeg", "a.ogg": "audio/ogg", "a.wav": "audio/wav", "a.vtt": "text/vtt; charset=utf-8",
	"LOGO.PNG": "image/png", "Photo.JPG": "image/jpeg", "STYLE.Css": "text/css; charset=utf-8",
	"below/a b.png": "image/png", "café.jpg": "image/jpeg", "100%.gif": "image/gif", "a+b&c.pdf": "application/pdf",
	"what?#.css": "text/css; charset=utf-8", "it's \"x\".txt": "text/plain; charset=utf-8", "日本.webp": "image/webp",
	"jquery-3.7.1.min.js": "text/javascript; charset=utf-8",
};

// Files that are not served, and what `check` says of each.
const REFUSED = {
	"a.php": "files that end with .php are not served",
	"app.lua": "files that end with .lua are not served",
	"backup.sqlite": "files that end with .sqlite are not served",
	"server.key": "files that end with .key are not served",
	"a.png.bak": "files that end with .bak are not served",
	"LICENSE": "its name has no ending",
	".env": "names that begin with a dot are passed over",
	".well-known/security.txt": "static/.well-known is not served: names that begin with a dot are passed over",
	"back\\slash.css": "an address cannot have a backslash or a control byte",
	"new\nline.css": "an address cannot have a backslash or a control byte",
};

const ASSETS = `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:post("/address", function(req) return reply.view("address", { name = req.body }) end, { csrf = false })
return app
`;

const inStatic = (names) => Object.fromEntries(Object.keys(names).map((name) => [`static/${name}`, name.endsWith(".lua") ? "" : `this is ${name}`]));

describe("TO-08 static files", { concurrency: 1 }, () => {
	const files = { "init.lua": ASSETS, "views/address.html": "{{{ asset(name) }}}", ...inStatic(TYPES) };

	test("each known ending has its type, also in capitals and below any name", () => inFolder(files, async (place) => {
		const app = await startApp(ASSETS, { place });
		const wrong = [];
		await during(async () => {
			for (const [name, type] of Object.entries(TYPES)) {
				const { text: address } = await request(`${app.url}/address`, { method: "POST", body: name });
				const answer = await request(app.url + address);
				const seen = [answer.status, answer.headers["content-type"], answer.text, answer.headers["x-content-type-options"]];
				if (JSON.stringify(seen) !== JSON.stringify([200, type, `this is ${name}`, "nosniff"])) wrong.push([name, address, seen]);
			}
			assert.deepEqual(wrong, []);
			const name = path.join(place.name, APP_FOLDER, "static/a.csv");
			await app.logs('"reloaded"', () => writeFileSync(name, "saved again"));
			assert.equal((await request(`${app.url}/static/a.csv`)).text, "saved again");
		}, () => app.stop());
		const check = await run(["check"], { cwd: place.name });
		assert.doesNotMatch(check.err, /is not served/);
		assert.equal(check.code, 0);
	}));

	test("others are 404, and check names each and why", () => inFolder({ "init.lua": ASSETS, "views/address.html": "", ...inStatic(REFUSED) }, async (place) => {
		const app = await startApp(ASSETS, { place });
		await during(async () => {
			for (const name of Object.keys(REFUSED)) {
				const { status } = await request(`${app.url}/static/${name.split("/").map(encodeURIComponent).join("/")}`);
				assert.ok(status === 404 || (status === 400 && /[\\\n]/.test(name)), `${name}: ${status}`);
			}
		}, () => app.stop());
		const check = await run(["check"], { cwd: place.name });
		for (const [name, why] of Object.entries(REFUSED)) assert.ok(check.err.includes(why), `${name}: ${check.err}`);
		assert.equal(check.err.match(/^warning: static.* is not served/gm).length, Object.keys(REFUSED).length, check.err);
	}));

	test("a file of 16 MiB is served; a larger one is not read, and check says so", () => inFolder({ ...files, "static/most.mp4": "", "static/film.mp4": "" }, async (place) => {
		truncateSync(path.join(place.name, APP_FOLDER, "static/most.mp4"), 16 << 20);
		truncateSync(path.join(place.name, APP_FOLDER, "static/film.mp4"), 3e9);
		const app = await startApp(ASSETS, { place });
		await during(async () => {
			for (let i = 0; i < 3; i++) assert.equal((await request(`${app.url}/static/most.mp4`)).text.length, 16 << 20);
			assert.equal((await request(`${app.url}/static/film.mp4`)).status, 404);
		}, () => app.stop());
		const check = await run(["check"], { cwd: place.name });
		assert.match(check.err, /warning: static\/film\.mp4 is not served: it has 2862 MiB, and may have 16/);
	}));

	test("files of new types are read below static/ only, so that an app's data is not", () => inFolder({ ...files, "data/big.zip": "", "data/big2.pdf": "" }, async (place) => {
		for (const name of ["data/big.zip", "data/big2.pdf"]) truncateSync(path.join(place.name, APP_FOLDER, name), 30 << 20);
		assert.equal((await run(["check"], { cwd: place.name })).code, 0);
	}));
});
