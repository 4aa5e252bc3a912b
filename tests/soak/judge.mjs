// What a soak's samples say: whether anything grew. Pure.

/** The value below which `part` of the values are; NaN without values. */
export function quantile(values, part) {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

export const median = (values) => quantile(values, 0.5);

/** The growth in an hour by Theil and Sen: the median of the slopes between pairs of samples, so that peaks do not count. */
export function slope(samples, value) {
	const step = Math.max(1, Math.floor(samples.length / 200));
	const some = samples.filter((_, i) => i % step === 0);
	const slopes = [];
	for (let i = 0; i < some.length; i++) {
		for (let j = i + 1; j < some.length; j++) {
			slopes.push((value(some[j]) - value(some[i])) / (some[j].seconds - some[i].seconds) * 3600);
		}
	}
	return slopes.length === 0 ? 0 : median(slopes);
}

const third = (list, n) => list.slice(Math.floor(list.length * n / 3), Math.floor(list.length * (n + 1) / 3));

// How far the median of the last third may be above that of the first: the greater of a part of it and a fixed amount.
const FLAT = [
	{ name: "resident memory", unit: "MB", value: (one) => one.rss, part: 0.05, amount: 8 },
	{ name: "descriptors", unit: "", value: (one) => one.descriptors, part: 0.1, amount: 8 },
	{ name: "threads", unit: "", value: (one) => one.threads, part: 0.1, amount: 4 },
	{ name: "VMs", unit: "", value: (one) => one.vms, part: 0.25, amount: 4 },
];

const LATENCY_RATIO = 2.5, LATENCY_SPARED_MS = 20; // a p99 of fewer milliseconds is not judged: a scheduler causes it

/** What is wrong: sentences. `samples` are those after the warm-up, with { seconds, rss, …, latencies }. */
export function problems(samples) {
	const [first, last] = [third(samples, 0), third(samples, 2)];
	const found = [];
	for (const { name, unit, value, part, amount } of FLAT) {
		const [before, after] = [first, last].map((some) => median(some.map(value)));
		if (!(after <= before + Math.max(before * part, amount))) {
			found.push(`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)} ${unit}`.trim());
		}
	}
	for (const part of [0.5, 0.99]) {
		const [before, after] = [first, last].map((some) => quantile(some.flatMap((one) => one.latencies), part));
		if (!(after <= Math.max(before * LATENCY_RATIO, LATENCY_SPARED_MS))) {
			found.push(`p${part * 100} of the latency grew from ${before.toFixed(1)} to ${after.toFixed(1)} ms`);
		}
	}
	return found;
}
