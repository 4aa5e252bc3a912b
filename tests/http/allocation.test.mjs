// No failed allocation ends the process (SBX-09): a whole flow with one allocation that fails, each time another one.
import assert from "node:assert/strict";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { binary, during, folder, Jar, request, startDemo, until, walk } from "./harness.mjs";

const RUNS = 40; // how many allocations of a flow fail, evenly spread
const skip = /\/[at]san\//.test(binary); // a sanitizer has an allocator of its own

/** The file that the preloaded tests/preload/fail_allocation.c shares with this test. */
function openCounters(place) {
	const file = path.join(place.name, "counters");
	const fd = openSync(file, "w+");
	const number = (at) => {
		const bytes = Buffer.alloc(8);
		readSync(fd, bytes, 0, 8, at);
		return Number(bytes.readBigUInt64LE());
	};
	const counters = {
		env: { LD_PRELOAD: path.join(path.dirname(binary), "tests/libfail_allocation.so"), FAIL_ALLOCATION: file },
		/** Makes the allocation of that number fail, and those after it: `row` in all. */
		fail: (n, row) => {
			const bytes = Buffer.alloc(16);
			bytes.writeBigUInt64LE(BigInt(n + row - 1), 0);
			bytes.writeBigUInt64LE(BigInt(row), 8);
			writeSync(fd, bytes, 0, 16, 0);
		},
		/** Makes none fail. */
		stop: () => writeSync(fd, Buffer.alloc(16), 0, 16, 0),
		left: () => number(0),
		failed: () => number(16),
		close: () => closeSync(fd),
	};
	writeSync(fd, Buffer.alloc(24), 0, 24, 0);
	return counters;
}

/** A whole flow, to the page at its end: its status. */
async function flow(demo, jar = new Jar()) {
	const { response } = await walk(demo, jar);
	assert.equal(response.status, 303, response.text);
	return (await request(new URL(response.location, demo.app), { jar })).status;
}

/** Ends when `body` does, with or without an error. `ms` only end a test that fails. */
async function ends(body, ms = 60000) {
	const timer = new AbortController();
	const late = sleep(ms, "late", { signal: timer.signal }).catch(() => {});
	const first = await Promise.race([body.then(() => "fine", () => "failed"), late]);
	timer.abort();
	assert.notEqual(first, "late", "a request has no end");
	return first;
}

/** Calls `body(counters)` with a file of counters. */
async function withCounters(body) {
	const place = folder();
	const counters = openCounters(place);
	await during(() => body(counters), async () => {
		counters.close();
		place.remove();
	});
}

const FAR = 1e9;

/** How many allocations `body` makes. */
async function count(counters, body) {
	counters.fail(FAR, 1);
	await body();
	const made = FAR - counters.left();
	counters.stop();
	assert.ok(made > 100, `${made} allocations`);
	return made;
}

/** Numbers from 1 to `last`, and how many fail in a row: Lua tries again after a collection, so one is often harmless. */
const sweep = (last, runs) =>
	Array.from({ length: runs }, (_, run) => ({ n: 1 + Math.floor((run * last) / runs), row: [1, 3, 40][run % 3] }));

async function reset(demo, where) {
	const { status, text } = await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	assert.equal(status, 200, `${where}: ${text}\n${demo.err.slice(-2000)}`);
}

/** It lives, and a flow works. */
async function works(demo, where) {
	assert.equal(demo.child.exitCode ?? demo.child.signalCode, null, `it ended at ${where}: ${demo.err.slice(-2000)}`);
	assert.equal((await request(`${demo.app}/healthz`)).status, 200, where);
	await reset(demo, where);
	assert.equal(await flow(demo), 200, where);
}

test("SBX-09 a failed allocation fails one request at most, and the next ones work", { skip }, (t) =>
	withCounters(async (counters) => {
		const demo = await startDemo({ env: counters.env });
		await during(async () => {
			await works(demo, "the start");
			await reset(demo);
			const last = await count(counters, () => flow(demo));
			const outcomes = { fine: 0, failed: 0 };
			for (const { n, row } of sweep(last, RUNS)) {
				await reset(demo);
				counters.fail(n, row);
				outcomes[await ends(flow(demo))]++;
				counters.stop();
				await works(demo, `allocation ${n}, ${row} in a row`);
			}
			t.diagnostic(`${last} allocations in a flow, ${counters.failed()} failed: ${JSON.stringify(outcomes)}`);
			assert.ok(outcomes.failed > 0);
		}, () => demo.end());
	}));

/** Reloads an app that could not be loaded for want of memory, for it shows that error until then (RL-02). */
async function reload(demo) {
	const ask = () => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	if ((await ask()).status === 200 && (await request(demo.app)).status === 200) return false;
	demo.child.kill("SIGHUP");
	await until(ask, ({ status }) => status === 200);
	await until(() => request(demo.app), ({ status }) => status === 200);
	return true;
}

test("SBX-09 a failed allocation at the start is an error with exit code 1, or passes with a reload", { skip }, (t) =>
	withCounters(async (counters) => {
		const last = await count(counters, async () => (await startDemo({ env: counters.env })).end());
		const outcomes = { fine: 0, failed: 0, reloaded: 0 };
		for (const { n, row } of sweep(last, RUNS / 2)) {
			counters.fail(n, row);
			const demo = await startDemo({ env: counters.env }).catch((error) => {
				assert.match(error.message, /^exit 1: [^]*\S/, `allocation ${n}, ${row} in a row`);
			});
			counters.stop();
			if (!demo) {
				outcomes.failed++;
				continue;
			}
			await during(async () => {
				outcomes[(await reload(demo)) ? "reloaded" : "fine"]++;
				await works(demo, `allocation ${n}, ${row} in a row`);
			}, () => demo.end());
		}
		t.diagnostic(`${last} allocations, ${counters.failed()} failed: ${JSON.stringify(outcomes)}`);
		assert.ok(outcomes.failed > 0);
	}));
