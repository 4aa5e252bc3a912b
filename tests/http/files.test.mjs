// Files as editors and other systems write them: marks at their beginning, line ends, encodings, endings and names.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
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
