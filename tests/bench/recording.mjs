// What keeping exchanges costs: the callback with TRAFFIC on and off, in turn, on one core.
import { request } from "../http/client.mjs";
import { median, others, routes } from "./compare.mjs";
import { startOurs } from "./contenders.mjs";
import { cpuSeconds, endAll, idle } from "./process.mjs";
import { load } from "./wrk.mjs";

/** How many exchanges were stored since the beginning; 0 with TRAFFIC=off. */
async function stored(ours) {
	const { status, text } = await request(`${ours.origin}/dashboard/traffic/version`);
	if (status !== 200 && status !== 404) throw new Error(`/dashboard/traffic/version: ${status}`);
	return status === 200 ? JSON.parse(text).version : 0;
}

async function run(ours, url, options) {
	const before = await stored(ours);
	const result = await load(ours, url, options);
	const used = cpuSeconds(ours.pid);
	await idle(ours.pid);
	return { ...result, after: cpuSeconds(ours.pid) - used, stored: (await stored(ours)) - before };
}

/** Prints the table. True when no request failed. */
export async function recording(folder, upstream, options) {
	const route = routes.find((one) => one.title.startsWith("callback"));
	const servers = {
		off: await startOurs(folder, upstream),
		on: await startOurs(folder, upstream, { env: { TRAFFIC: "on" } }),
	};
	const results = { off: [], on: [] };
	for (const ours of Object.values(servers)) await run(ours, route.url, options); // warm-up
	for (let round = 0; round < options.repetitions; round++) {
		for (const name of round % 2 ? ["on", "off"] : ["off", "on"]) results[name].push(await run(servers[name], route.url, options));
	}
	const of = (name, field) => median(results[name].map((one) => one[field]));
	const ratio = (field) => median(results.on.map((one, i) => one[field] / results.off[i][field]));
	const each = median(results.on.map((one) => one.rate * 3)), kept = median(results.on.map((one) => one.stored / options.seconds));
	console.log(`\n| ${route.title}, ${options.connections} connections | req/s | p50 ms | p99 ms | CPU µs/req | failed |\n`
		+ "|---|---:|---:|---:|---:|---:|");
	for (const name of ["off", "on"]) {
		const failed = results[name].reduce((sum, one) => sum + one.failed, 0);
		console.log(`| TRAFFIC=${name} | ${of(name, "rate").toFixed(0)} | ${of(name, "p50").toFixed(2)} `
			+ `| ${of(name, "p99").toFixed(2)} | ${of(name, "cpu").toFixed(1)} | ${failed} |`);
	}
	console.log(`\nOn, it is ${ratio("rate").toFixed(3)} × the rate and ${ratio("cpu").toFixed(3)} × the CPU of a request, that of the `
		+ `thread that stores included; after a run it used ${of("on", "after").toFixed(2)} s more. Of ${each.toFixed(0)} exchanges a `
		+ `second (three for a callback) ${kept.toFixed(0)} were stored, and the others dropped. ${others([...results.off, ...results.on])}`);
	await endAll(Object.values(servers).map((one) => one.child));
	return [...results.off, ...results.on].every((one) => one.failed === 0);
}
