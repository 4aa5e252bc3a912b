// The harness itself: a program that does not end as expected fails its test.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { start } from "./harness.mjs";

/** A program that logs `err`, says that it listens, and ends with `code` at a SIGTERM. */
const program = (err, code) => start([], {
	cwd: "/", env: { SAID: err, CODE: String(code) },
	program: ["sh", "-c", 'trap "exit $CODE" TERM; printf "%s\\n" "$SAID" >&2; echo ready; while :; do sleep 0.05; done'],
});

const LOG = '{"time":"2026-01-01T00:00:00.000Z","level":"error","message":"leaked","what":"vm","count":"1"}';

describe("harness", { concurrency: true }, () => {
	test("a program that ends well is fine, with the exit code that its test wants", async () => {
		await (await program("a line", 0)).stop();
		await (await program("a line", 3)).stop("SIGTERM", 3);
		await (await program("a line", 0)).stop("SIGKILL");
	});

	for (const [name, err, code, wanted] of [
		["another exit code", "a line", 1, 0],
		["no failure where one is wanted", "a line", 0, 1],
		["something not given back, in the log", LOG, 0, 0],
		["something not given back, in a log for people", "12:00:00 error app: leaked  what=vm", 0, 0],
		["a leak", "==1==ERROR: LeakSanitizer: detected memory leaks", 23, 23],
		["a bad address", "==1==ERROR: AddressSanitizer: heap-use-after-free", 1, 1],
		["undefined behaviour", "src/a.c:1:2: runtime error: shift exponent 64 is too large", 0, 0],
	]) {
		test(`${name} fails`, async () => {
			await assert.rejects((await program(err, code)).stop("SIGTERM", wanted), assert.AssertionError);
		});
	}

	test("a program that ends before it listens fails, with what it said", async () => {
		await assert.rejects(start([], { cwd: "/", program: ["sh", "-c", "echo the reason >&2; exit 4"] }), /exit 4: the reason/);
	});
});
