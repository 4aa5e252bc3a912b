// Makes lua/partnerapp/destination/letter_case_data.lua from what Node.js knows of Unicode:
//
//   node tests/oracle/letter_case.mjs > lua/partnerapp/destination/letter_case_data.lua
import { fileURLToPath } from "node:url";

const HEAD = `-- Unicode's letter case, as tests/oracle/letter_case.mjs wrote it. Numbers are hexadecimal.
--
-- upper, lower: runs of characters that become one character: first, count, step, difference.
-- upper_special, lower_special: a character = those that it becomes.
-- ignorable, cased: first and count of runs; for the small sigma at the end of a word.
return {`;

function* characters() {
	for (let code = 0; code <= 0x10ffff; code++) if (code < 0xd800 || code > 0xdfff) yield code;
}

const hex = (number) => (number < 0 ? "-" : "") + Math.abs(number).toString(16);

/** The runs of pairs [code, difference] that have the same step and difference. */
function runs(pairs) {
	const found = [];
	for (const [code, difference] of pairs) {
		const run = found.at(-1), gap = run && code - run.last;
		if (run && run.difference === difference && (run.step === gap || (run.count === 1 && gap <= 2))) {
			Object.assign(run, { last: code, count: run.count + 1, step: gap });
		} else found.push({ first: code, last: code, count: 1, step: 1, difference });
	}
	return found;
}

function ranges(pattern) {
	const codes = [...characters()].filter((code) => pattern.test(String.fromCodePoint(code)));
	const found = [];
	for (const code of codes) {
		const range = found.at(-1);
		if (range && range.first + range.count === code) range.count++;
		else found.push({ first: code, count: 1 });
	}
	return found.map((range) => `${hex(range.first)}+${hex(range.count)}`);
}

function mapping(change) {
	const simple = [], special = [];
	for (const code of characters()) {
		const from = String.fromCodePoint(code), to = change(from);
		if (to === from) continue;
		const codes = [...to].map((character) => character.codePointAt(0));
		if (codes.length === 1) simple.push([code, codes[0] - code]);
		else special.push(`${hex(code)}=${codes.map(hex).join("+")}`);
	}
	return [runs(simple).map((run) => [run.first, run.count, run.step, run.difference].map(hex).join(",")), special];
}

/** A member whose value is a long string, in lines of at most 120 characters. */
function member(name, items) {
	const lines = [""];
	for (const item of items) {
		if (lines.at(-1).length + item.length > 118) lines.push("");
		lines[lines.length - 1] += (lines.at(-1) ? " " : "") + item;
	}
	return `\t${name} = [[\n${lines.join("\n")}\n]],`;
}

/** The text of the data file. */
export function data() {
	const [upper, upperSpecial] = mapping((text) => text.toUpperCase());
	const [lower, lowerSpecial] = mapping((text) => text.toLowerCase());
	return [
		HEAD,
		`\tunicode = "${process.versions.unicode}",`,
		member("upper", upper),
		member("upper_special", upperSpecial),
		member("lower", lower),
		member("lower_special", lowerSpecial),
		member("ignorable", ranges(/\p{Case_Ignorable}/u)),
		member("cased", ranges(/(?!\p{Case_Ignorable})\p{Cased}/u)),
		"}",
		"",
	].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(data());
