// What the suites that compare with Segment's own packages share: a seed, cases of it, and a server that is asked in
// batches. An oracle that cannot be loaded makes its tests skip.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { request, top, withApp } from "../http/harness.mjs";

const require = createRequire(import.meta.url);

/** The number of cases of a run, and its seed: ORACLE_CASES and ORACLE_SEED change them. */
export const CASES = Number(process.env.ORACLE_CASES ?? 10000);
const SEED = Number(process.env.ORACLE_SEED ?? 20260826);

const BATCH = 50; // cases of one request: it has 2 s of CPU, also on a slow machine and with sanitizers
const SHOWN = 5; // differences in a report

/** The export of a package, or a reason to skip. */
export function oracle(name) {
	// They are written for Node.js 20; with 18 some mappings have other results.
	if (Number(process.versions.node.split(".")[0]) < 20) return { skip: `${name} needs Node.js 20` };
	try {
		return { package: require(name) };
	} catch (error) {
		return { skip: `${name} cannot be loaded: ${error.message.split("\n")[0]}` };
	}
}

/** Numbers at random, the same ones for the same seed: mulberry32. */
export class Random {
	constructor(seed) {
		this.state = seed >>> 0;
	}

	next() {
		this.state = (this.state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	below(count) {
		return Math.floor(this.next() * count);
	}

	chance(probability) {
		return this.next() < probability;
	}

	pick(list) {
		return list[this.below(list.length)];
	}

	/** A list of `least` to `most` things. */
	many(least, most, make) {
		return Array.from({ length: least + this.below(most - least + 1) }, make);
	}
}

/** The app that is asked: `script` defines `ask(case)`, and the answer to a batch is what it gives for each case. */
const app = (script) => `
local partnerapp = require "partnerapp"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"
local destination = require "partnerapp.destination"
local app = partnerapp.new { destination = "webhooks" }
${script}
app:post("/ask", function(req)
	local answers = json.array()
	for at, case in ipairs(req.json) do
		answers[at] = ask(case)
	end
	return reply.json(answers)
end)
return app
`;

/** Serves the app for the time of `body(ask)`; `ask(batch)` gives the answers to a list of cases. */
export async function withOurs(script, body) {
	const headers = { "content-type": "application/json" };
	await withApp(app(script), { env: { LOG_LEVEL: "error" } }, ({ url }) => body(async (batch) => {
		const answer = await request(`${url}/ask`, { method: "POST", headers, body: JSON.stringify(batch) });
		assert.equal(answer.status, 200, answer.text.slice(0, 2000));
		return answer.json();
	}));
}

/**
 * Defines a test: makes cases, gives each to `theirs(case)` and to `ask(case)` of the script, and reports where the two
 * answers differ. `sent(case)` is what our side gets of a case, and `ours(answer)` what its answer means. `judge`
 * sees all answers of theirs: a generator that makes only cases of one kind proves nothing.
 */
export function compare(name, { skip, script, generate, theirs, sent = (one) => one, ours = (one) => one, judge }) {
	test(name, { skip }, async (t) => {
		t.diagnostic(`${CASES} cases, ORACLE_SEED=${SEED}`);
		const random = new Random(SEED), answers = [], differences = [];
		await withOurs(script, async (ask) => {
			for (let done = 0; done < CASES; done += BATCH) {
				const batch = Array.from({ length: Math.min(BATCH, CASES - done) }, () => generate(random));
				const wanted = batch.map((one) => theirs(structuredClone(one)));
				const got = await ask(batch.map(sent));
				answers.push(...wanted);
				batch.forEach((one, at) => {
					const [a, b] = [JSON.stringify(wanted[at]), JSON.stringify(ours(got[at]))];
					if (a !== b) differences.push(`${JSON.stringify(one)}\n  Segment: ${a}\n  ours:    ${b}`);
				});
			}
		});
		assert.equal(differences.length, 0, `${differences.length} differ:\n${differences.slice(0, SHOWN).join("\n")}`);
		judge(answers);
	});
}

/** A section of docs/destinations.md. */
export function section(name) {
	const page = readFileSync(path.join(top, "docs/destinations.md"), "utf8");
	return page.split(`## ${name}\n`)[1].split("\n## ")[0];
}

/** The share of the answers for which `is` holds. */
export const share = (answers, is) => answers.filter(is).length / answers.length;
