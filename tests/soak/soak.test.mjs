// A soak of half a minute, so that the script works when it is wanted, and one that is ended before.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("soak.mjs", import.meta.url));

/** Runs a soak with its temporary folders in one of its own. `watch(out, child)` sees what it has printed so far. */
async function soak(args, watch = () => {}) {
	const folder = mkdtempSync(path.join(tmpdir(), "partnerapp-test-"));
	try {
		const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, TMPDIR: folder } });
		let out = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.on("data", (data) => {
				out += data;
				watch(out, child);
			});
		}
		const [code] = await once(child, "close");
		assert.deepEqual(readdirSync(folder), [], "nothing is left behind");
		return { code, out };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

describe("soak", { concurrency: true }, () => {
	test("OP-04 half a minute with reloads, flows and renewals: every answer is as wanted, all is given back", async () => {
		const { code, out } = await soak(["0.5", "50"]);
		assert.equal(code, 0, out);
		assert.match(out, /soak: fine/);
		assert.match(out, / [1-9]\d* requests, [1-9]\d* flows,/);
	});

	test("one that is interrupted tells what was seen so far, and leaves nothing behind", async () => {
		let interrupted = false;
		const { code, out } = await soak(["60", "20"], (seen, child) => {
			if (!interrupted && /^ *minute/m.test(seen)) interrupted = child.kill("SIGINT");
		});
		assert.equal(code, 0, out);
		assert.match(out, /^ +1 .*\d$/m);
		assert.match(out, /soak: fine/);
	});

	test("wrong arguments are a usage line", async () => {
		const { code, out } = await soak(["soon"]);
		assert.equal(code, 2);
		assert.match(out, /^usage: scripts\/soak/);
	});
});
