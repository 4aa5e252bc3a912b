// TO-02: .env files read by the program and by npm's dotenv: the same, but for the differences that the cases name.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { LINES } from "./dotenv_cases.mjs";

const dotenv = createRequire(import.meta.url)("dotenv");
const here = path.dirname(fileURLToPath(import.meta.url));
const lua = process.env.DOTENV_LUA ?? path.join(here, "../../lua");
const hex = (text) => Buffer.from(text).toString("hex");

/** What the program reads of each text: { assigned: ["NAME=VALUE" in hex, …], messages }. */
function read(texts) {
	const run = spawnSync("lua5.4", [path.join(here, "dotenv_reader.lua"), lua], {
		input: texts.map((text) => `${hex(text)}\n`).join(""), encoding: "latin1", maxBuffer: 1 << 26,
	});
	assert.equal(run.status, 0, run.stderr);
	return run.stdout.trimEnd().split("\n").map((line) => {
		const [assigned, messages] = line.split("!").map((part) => part.trim().split(" ").filter(Boolean));
		return { assigned: assigned.sort(), messages: messages.map((one) => Buffer.from(one, "hex").toString()) };
	});
}

const assigned = (values) => Object.entries(values).map(([name, value]) => hex(Buffer.concat([Buffer.from(`${name}=`), Buffer.from(value)]))).sort();
const shown = (list) => list.map((one) => JSON.stringify(Buffer.from(one, "hex").toString("latin1")));
const linesOf = (messages) => messages.map((message) => Number(/^\.env:(\d+): /.exec(message)?.[1]));

test("TO-02 each kind of line is read as it is meant, and what is not read is warned about", () => {
	const wrong = [];
	read(LINES.map(([, text]) => text)).forEach((ours, i) => {
		const [what, , values, more] = LINES[i];
		const got = [shown(ours.assigned), linesOf(ours.messages)], wanted = [shown(assigned(values)), more?.warns ?? []];
		if (JSON.stringify(got) !== JSON.stringify(wanted)) wrong.push({ what, got, wanted, messages: ours.messages });
	});
	console.log(`${LINES.length - wrong.length} of ${LINES.length} lines`);
	assert.deepEqual(wrong, []);
});

test("TO-02 npm's dotenv reads the same, but for differences that have a reason", () => {
	for (const [what, text, values, more] of LINES) {
		const theirs = dotenv.parse(text);
		assert.deepEqual(theirs, more?.theirs ?? values, what);
		assert.equal(more?.theirs !== undefined, more?.why !== undefined, what);
		if (more?.theirs) assert.notDeepEqual(assigned(theirs), assigned(values), what);
	}
});

// What of the files in dotenv_files is read otherwise than by dotenv, as in the cases of dotenv_cases.mjs, and the lines
// that are not read.
const OTHERWISE = {
	default_file: { warns: [7, 8] },
	flask_go: { values: { TITLE: 'A "quoted" title' } },
	python_dotenv: { values: { DOUBLE: 'a"b' } },
	shell: { warns: [3, 8, 9, 12] },
	systemd: { warns: [7] },
};

test("TO-02 the files of other programs are read, with their line ends of Windows too", () => {
	const folder = path.join(here, "dotenv_files"), names = readdirSync(folder);
	const files = names.flatMap((name) => {
		const text = readFileSync(path.join(folder, name), "utf8");
		return [{ name, text }, { name, text: `\ufeff${text.replaceAll("\n", "\r\n")}` }];
	});
	const wrong = [];
	read(files.map(({ text }) => text)).forEach((ours, i) => {
		const { name, text } = files[i], { values, warns = [] } = OTHERWISE[name] ?? {};
		const theirs = { ...dotenv.parse(text), ...values };
		const got = [shown(ours.assigned), linesOf(ours.messages)], wanted = [shown(assigned(theirs)), warns];
		if (JSON.stringify(got) !== JSON.stringify(wanted)) wrong.push({ name, got, wanted, messages: ours.messages });
	});
	console.log(`${files.length - wrong.length} of ${files.length} files`);
	assert.deepEqual(wrong, []);
});
