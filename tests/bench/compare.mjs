// Ours and the peers on the same routes, alternately in one run, so that whatever else the machine does hits all alike.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { peerNames, startOurs, startPeer } from "./contenders.mjs";
import { load } from "./wrk.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** What is measured: `script` names the one for wrk, where a route is more than one GET. */
export const routes = [
	{ title: "`/hello`", url: "/hello", of: ["nginx-lua", "fastify", "express", "bare"] },
	{ title: "`/json`", url: "/json", of: ["nginx-lua", "fastify", "express"] },
	{ title: "`/auth/segment`", url: "/auth/segment", of: ["nginx-lua", "fastify", "express"] },
	{ title: "callback, nothing saved", url: "/callback?code=abc&state=s1", of: ["nginx-lua", "fastify", "express"] },
	{
		title: "whole install, saved durably (each is two requests)", url: "/auth/segment", of: [],
		script: path.join(here, "install.lua"),
	},
];

/** The middle one of numbers, the higher one of two. */
export function median(list) {
	const sorted = [...list].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)];
}

/** The ratio is that of runs side by side: what the machine does besides changes both. */
function table(route, results) {
	const names = [...results.keys()], ours = results.get("partnerapp");
	const rate = (name) => median(results.get(name).map((one) => one.rate));
	const lines = [
		`| ${route.title} | req/s | min–max | p50 ms | p99 ms | CPU µs/req | RSS MB | failed | ours is |`,
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|",
	];
	for (const name of names) {
		const all = results.get(name);
		const of = (field, digits) => median(all.map((one) => one[field])).toFixed(digits);
		const rates = all.map((one) => one.rate);
		const failed = all.reduce((sum, one) => sum + one.failed, 0);
		const ratio = name === "partnerapp" ? "" : `${median(rates.map((one, i) => ours[i].rate / one)).toFixed(2)} ×`;
		lines.push(`| ${name} | ${rate(name).toFixed(0)} | ${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)} `
			+ `| ${of("p50", 2)} | ${of("p99", 2)} | ${of("cpu", 1)} | ${of("resident", 1)} | ${failed} | ${ratio} |`);
	}
	return lines.join("\n");
}

async function measure(route, contenders, options) {
	const results = new Map(contenders.map((one) => [one.name, []]));
	for (let round = 0; round < options.repetitions; round++) {
		for (const contender of round % 2 ? [...contenders].reverse() : contenders) {
			results.get(contender.name).push(await load(contender, route.url, { ...options, script: route.script }));
		}
	}
	return results;
}

/** Runs all routes that `options.only` matches and prints a table for each. True when no request failed. */
export async function compare(folder, upstream, options) {
	const wanted = routes.filter((route) => !options.only || route.title.includes(options.only));
	const needed = peerNames.filter((name) => wanted.some((route) => route.of.includes(name)));
	const contenders = [await startOurs(folder, upstream)];
	for (const name of needed) contenders.push(await startPeer(name, folder, upstream));
	for (const one of contenders) await load(one, "/hello", { connections: 16, seconds: 1 }); // warm-up
	let fine = true;
	for (const route of wanted) {
		const taking = contenders.filter((one) => one.name === "partnerapp" || route.of.includes(one.name));
		const results = await measure(route, taking, options);
		console.log(`\n${table(route, results)}`);
		fine &&= results.get("partnerapp").every((one) => one.failed === 0);
	}
	return fine;
}
