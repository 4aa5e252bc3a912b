// The tutorial is true: its commands are run and its files are written, block by block, and they print what it shows of
// their output.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { binary, folder, freePort, request, start, top } from "./harness.mjs";

const PAGE = readFileSync(path.join(top, "docs/tutorial.md"), "utf8");
const SANDBOX = "http://127.0.0.1:8889"; // in the page; the test's has another port

/** The blocks of the page, in their order: language ("" is output), text, and the file that the paragraph before names. */
const BLOCKS = [...PAGE.matchAll(/([^\n]*(?:\n[^\n]+)*)\n\n```(\w*)\n([^]*?)^```$/gm)].map(([, before, language, text]) => ({
	language, text, file: before.match(/`([\w/]+\.(?:lua|json|mjs))`/)?.[1],
}));

/** Replaces in a file what a diff shows. */
function apply(diff, file) {
	const lines = diff.trimEnd().split("\n");
	const [from, to] = ["-", "+"].map((mark) => lines.filter((line) => line[0] === " " || line[0] === mark)
		.map((line) => `${line.slice(1)}\n`).join(""));
	const text = readFileSync(file, "utf8"), at = text.lastIndexOf(from);
	assert.ok(at >= 0, `${file} has these lines:\n${from}`);
	writeFileSync(file, text.slice(0, at) + to + text.slice(at + from.length));
}

/** Whether an output has what a block shows: "…" is anything that was left out. */
function shows(output, block) {
	const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
	const pieces = block.trimEnd().split(/^…\n/m).map((piece) => piece.trimEnd().split("…").map(escaped).join("[^\\n]*"));
	assert.match(output, new RegExp(pieces.join("[^]*?")), `the output is not as shown:\n${output}`);
}

/** A terminal: runs the text of a block, and keeps the folder for the next. */
function terminal(place, bin) {
	const kept = path.join(place, "pwd");
	writeFileSync(kept, place);
	return (text, env = {}) => new Promise((resolve, reject) => {
		const script = `set -eu -o pipefail\ncd "$(cat "${kept}")"\n${text}\npwd > "${kept}"\n`;
		const clean = { PATH: `${bin}:${process.env.PATH}`, HOME: place, ...env };
		execFile("bash", ["-c", script], { cwd: place, env: clean, timeout: 100_000 }, (error, out, err) =>
			(error ? reject(new Error(`${text}\n${error.message}\n${out}${err}`)) : resolve(out)));
	});
}

/** The write key that the sandbox's page shows for a source. */
async function writeKey(origin, source) {
	const { text } = await request(`${origin}/`);
	return new RegExp(`<td>${source}</td><td><code>(\\w+)</code>`).exec(text)[1];
}

test("docs/tutorial.md: every block, one after the other", async (t) => {
	const { name: place, remove } = folder();
	t.after(remove);
	const listen = `127.0.0.1:${await freePort()}`, origin = `http://${listen}`;
	let sandbox, key;
	t.after(() => sandbox?.stop());
	const bin = path.join(place, "bin");
	mkdirSync(bin);
	symlinkSync(binary, path.join(bin, "partnerapp"));
	const shell = terminal(place, bin), versions = JSON.parse(readFileSync(path.join(top, "tests/package.json"))).dependencies;
	const here = () => readFileSync(path.join(place, "pwd"), "utf8").trim();

	// What stands for the reader's second terminal, network and eyes.
	const INSTEAD = [
		[/^partnerapp sandbox \.$/m, ""],
		[/^npm install @segment\/analytics-node@(.*)$/m, (_, named) => {
			assert.equal(named, versions["@segment/analytics-node"]);
			return `ln -s "${path.join(top, "tests/node_modules")}" node_modules`;
		}],
		[/^WRITE_KEY=\.\.\./m, () => `WRITE_KEY=${key}`],
	];
	const used = new Set();
	const instead = (text) => INSTEAD.reduce((all, [from, to], i) => {
		if (from.test(all)) used.add(i);
		return all.replace(from, to);
	}, text.replaceAll(SANDBOX, origin));

	assert.equal(PAGE.match(/^```/gm).length, 2 * BLOCKS.length, "a block that the test does not see");
	const ran = {};
	let output = "";
	for (const { language, text, file } of BLOCKS) {
		ran[language] = (ran[language] ?? 0) + 1;
		if (text.startsWith("partnerapp sandbox")) {
			sandbox = await start(["sandbox", "."], { cwd: here(), env: { SANDBOX_LISTEN: listen } });
			key = await writeKey(origin, "workspaces/userworkspace/sources/javascript");
		}
		if (language === "sh") {
			output = await shell(instead(text));
		} else if (language === "") {
			shows(output, text);
		} else if (language === "diff") {
			apply(text, path.join(here(), file));
		} else {
			assert.ok(!existsSync(path.join(here(), file)), file);
			mkdirSync(path.dirname(path.join(here(), file)), { recursive: true });
			writeFileSync(path.join(here(), file), instead(text));
		}
	}
	assert.deepEqual(ran, { sh: 9, "": 4, diff: 4, json: 1, lua: 1, js: 1 });
	assert.equal(used.size, INSTEAD.length);

	// What was written is the destination that is shipped.
	const [made, shipped] = [path.join(place, "my-app"), path.join(top, "lua/app")]
		.map((app) => readFileSync(path.join(app, "destinations/acme.lua"), "utf8"));
	assert.equal(made, shipped);
});
