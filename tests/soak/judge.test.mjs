// What the judge of a soak takes for growth, on samples that are made up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { problems, quantile, slope } from "./judge.mjs";

/** A quarter of an hour of samples, a second each. `change` gives what differs from a flat run at a second. */
const run = (change = () => ({})) => Array.from({ length: 900 }, (_, seconds) => ({
	seconds, rss: 100 + seconds % 7, descriptors: 60 + seconds % 5, threads: 140, vms: 12 + seconds % 3,
	latencies: [4, 5, 6, 30], ...change(seconds),
}));

test("OP-04 a flat run is fine, with peaks too", () => {
	assert.deepEqual(problems(run()), []);
	assert.deepEqual(problems(run((seconds) => (seconds % 100 === 0 ? { rss: 400, descriptors: 500, latencies: [5000] } : {}))), []);
});

for (const [name, change] of [
	["resident memory", (seconds) => ({ rss: 100 + seconds / 20 })],
	["descriptors", (seconds) => ({ descriptors: 60 + seconds / 40 })],
	["threads", (seconds) => ({ threads: 140 + seconds / 30 })],
	["VMs", (seconds) => ({ vms: 12 + seconds / 60 })],
	["p50 of the latency", (seconds) => ({ latencies: [4 + seconds / 10] })],
	["p99 of the latency", (seconds) => ({ latencies: [...Array(90).fill(4), 30 + seconds / 5, 30 + seconds / 5] })],
]) {
	test(`OP-04 growth is told: ${name}`, () => {
		const found = problems(run(change));
		assert.ok(found.some((problem) => problem.startsWith(name)), found.join());
	});
}

test("OP-04 a value that is missing is told", () => {
	assert.equal(problems(run(() => ({ vms: NaN }))).length, 1);
});

test("the slope is that of most samples, in an hour", () => {
	const rise = run((seconds) => ({ rss: 50 + seconds / 3600 * 20 + (seconds % 90 === 0 ? 1000 : 0) }));
	assert.ok(Math.abs(slope(rise, (one) => one.rss) - 20) < 0.1);
	assert.equal(slope([], (one) => one.rss), 0);
});

test("a quantile is one of the values", () => {
	assert.equal(quantile([3, 1, 2], 0.5), 2);
	assert.equal(quantile([1, 2], 0.99), 2);
	assert.ok(Number.isNaN(quantile([], 0.5)));
});
