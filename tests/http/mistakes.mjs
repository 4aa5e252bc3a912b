// Runs tables of mistakes that people make in an app: what the page, the terminal and `partnerapp check` say of each.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { APP_FOLDER, folder, request, run, startApp } from "./harness.mjs";

/** An app whose only route is GET /, with this handler. */
export const handler = (body, more = "") => `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
${more}
app:get("/", function(req)
${body}
end)
return app
`;

/**
 * @typedef {object} Mistake
 * @property {string} what as a person would tell it
 * @property {string} [handler] the body of GET /: its first line is line 6 of init.lua
 * @property {Record<string, string>} [files] the app's files, instead; by path in the app's folder
 * @property {Record<string, string>} [env] settings
 * @property {string} [ask] the path that a browser asks for; "/"
 * @property {number} [status] of that page; 500
 * @property {RegExp} [page] what the page says; without it no server is started
 * @property {RegExp} [terminal] what the server prints meanwhile
 * @property {RegExp} [check] what `check` prints: it must then fail
 * @property {RegExp} [warns] what `check` prints, as a warning: it must then be fine
 */

function write(place, mistake) {
	const files = mistake.files ?? { "init.lua": handler(mistake.handler) };
	for (const [name, text] of Object.entries(files)) {
		const file = path.join(place.name, APP_FOLDER, name);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, text);
	}
	return files["init.lua"];
}

/** Text that a browser shows: without marks, with the characters that entities stand for. */
export function shown(html) {
	const entities = { amp: "&", larr: "←", lt: "<", gt: ">", quot: '"', "#39": "'" };
	return html.replace(/<style[^]*?<\/style>|<[^>]*>/g, "").replace(/&([#\w]+);/g, (all, name) => entities[name] ?? all);
}

async function checkPage(place, mistake, script) {
	const server = await startApp(script, { place, env: mistake.env });
	try {
		const answer = await request(server.url + (mistake.ask ?? "/"), { headers: { accept: "text/html" } });
		assert.match(shown(answer.text), mistake.page);
		assert.equal(answer.status, mistake.status ?? 500);
	} finally {
		await server.stop();
	}
	if (mistake.terminal) assert.match(server.err, mistake.terminal);
}

async function checkCheck(place, mistake) {
	const { code, out, err } = await run(["check"], { cwd: place.name, env: mistake.env });
	assert.match(out + err, mistake.check ?? mistake.warns);
	assert.equal(code, mistake.check ? 1 : 0, out + err);
}

/** Tests each mistake of a table. */
export function mistakes(title, table) {
	describe(title, { concurrency: 2 }, () => {
		for (const mistake of table) {
			test(mistake.what, async () => {
				const place = folder();
				try {
					const script = write(place, mistake);
					if (mistake.page) await checkPage(place, mistake, script);
					if (mistake.check ?? mistake.warns) await checkCheck(place, mistake);
				} finally {
					place.remove();
				}
			});
		}
	});
}
