// Numbers print, and letters change their case, as in JavaScript: asked through mappings.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { top } from "../http/harness.mjs";
import { compare, share, withOurs } from "./cases.mjs";
import { data } from "./letter_case.mjs";

const SCRIPT = `
local function ask(case)
	return assert(destination.transform(case.mapping, { n = case.n })).a
end
`;

/** A number of any size, from the bits of a double. */
function double(random) {
	if (random.chance(0.03)) return Number.MIN_VALUE * random.below(1e6);
	const view = new DataView(new ArrayBuffer(8));
	for (;;) {
		view.setUint32(0, random.next() * 2 ** 32);
		view.setUint32(4, random.chance(0.5) ? random.next() * 2 ** 32 : 0);
		const made = random.chance(0.5) ? view.getFloat64(0) : Math.round(random.next() * 1e6) / 10 ** random.below(12);
		if (Number.isFinite(made) && (Math.abs(made) < 2 ** 53 || Math.abs(made) >= 1e21)) return made;
	}
}

compare("numbers print as in JavaScript", {
	script: SCRIPT,
	generate: (random) => ({ n: double(random) }),
	sent: ({ n }) => ({ n, mapping: { a: { "@template": "{{n}}" } } }),
	theirs: ({ n }) => String(n),
	judge(answers) {
		for (const kind of [/^-?\d+\.\d+$/, /e\+/, /e-/]) assert.ok(share(answers, (one) => kind.test(one)) > 0.1);
	},
});

const file = readFileSync(path.join(top, "lua/partnerapp/destination/letter_case_data.lua"), "utf8");
const unicode = file.match(/unicode = "(.*)"/)[1];
const skip = unicode !== process.versions.unicode
	&& `this Node.js has Unicode ${process.versions.unicode}, the table ${unicode}`;

test("the table of letter case is what tests/oracle/letter_case.mjs makes", { skip }, () => assert.equal(file, data()));

test("every character has the upper and the lower case of JavaScript, alone and in a word", { skip }, async () => {
	const texts = [];
	for (let first = 0; first <= 0x10ffff; first += 512) {
		if (first >= 0xd800 && first <= 0xdfff) continue;
		const characters = Array.from({ length: 512 }, (_, at) => String.fromCodePoint(first + at));
		if (!/[\p{L}\p{M}\p{N}\p{S}\p{Case_Ignorable}]/u.test(characters.join(""))) continue;
		texts.push(characters.join(""), characters.map((one) => `a${one}Σ${one}a${one}Σ `).join(""));
	}
	const changes = { upper: (text) => text.toUpperCase(), lower: (text) => text.toLowerCase() };
	await withOurs(SCRIPT, async (ask) => {
		for (const [operator, change] of Object.entries(changes)) {
			for (const value of texts) {
				const [got] = await ask([{ n: 0, mapping: { a: { "@case": { operator, value } } } }]);
				assert.equal(got, change(value));
			}
		}
	});
});
