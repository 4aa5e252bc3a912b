// Ours and the peers on the same routes, alternately in one run, so that whatever else the machine does hits all alike.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startContenders } from "./contenders.mjs";
import { endAll, idle } from "./process.mjs";
import { load } from "./wrk.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

const CALLBACK = { url: "/callback?code=abc&state=s1", of: ["nginx-lua", "fastify", "express"] };
// Two calls of 50 ms each: a client of a closed loop asks ten times a second at most.
const slow = (kind, connections) => ({
	...CALLBACK, kind, connections,
	title: `callback, ${kind === "slow" ? "" : "TLS, "}50 ms upstream, ${connections} connections `
		+ `(at most ${connections * 10})`,
});

/**
 * What is measured: `kind` is the upstream's, plain unless said; `script` names the one for wrk, where a route is more
 * than one GET.
 */
export const routes = [
	{ title: "`/hello`", url: "/hello", of: ["nginx-lua", "fastify", "express", "bare"] },
	{ title: "`/json`", url: "/json", of: ["nginx-lua", "fastify", "express"] },
	{ title: "`/auth/segment`", url: "/auth/segment", of: ["nginx-lua", "fastify", "express"] },
	{ title: "callback, nothing saved", ...CALLBACK },
	{
		title: "whole install, saved durably (each is two requests)", url: "/auth/segment", of: [],
		script: path.join(here, "install.lua"),
	},
	{ title: "callback, TLS, HTTP/2 where the client speaks it", kind: "tls", ...CALLBACK },
	{ title: "callback, TLS, HTTP/1.1", kind: "tls1", ...CALLBACK },
	slow("slow", 256), slow("slow", 1000), slow("slowTls", 256), slow("slowTls", 1000),
];

/** The middle one of numbers, the higher one of two. */
export function median(list) {
	const sorted = [...list].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)];
}

/** Says how much of the machine others used during runs that were loaded. */
export function others(runs) {
	const all = runs.map((one) => one.foreign * 100);
	const [middle, most] = [median(all), Math.max(...all)].map((one) => Math.max(0, one).toFixed(0));
	return `Others used ${middle} % of the two cores, ${most} % at most.`;
}

/**
 * The ratio is that of runs side by side: what the machine does besides changes both. That of the CPU of a request is less
 * moved by it: it is the same on a quiet machine, where each server has its core to itself.
 */
function table(route, results) {
	const names = [...results.keys()], ours = results.get("partnerapp");
	const rate = (name) => median(results.get(name).map((one) => one.rate));
	const lines = [
		`| ${route.title} | req/s | min–max | p50 ms | p99 ms | CPU µs/req | switches/req | RSS MB | failed | ours is | by CPU |`,
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
	];
	for (const name of names) {
		const all = results.get(name);
		const of = (field, digits) => median(all.map((one) => one[field])).toFixed(digits);
		const rates = all.map((one) => one.rate);
		const failed = all.reduce((sum, one) => sum + one.failed, 0);
		const times = (ratios) => `${median(ratios).toFixed(2)} ×`;
		const ratio = times(all.map((one, i) => ours[i].rate / one.rate));
		const byCpu = times(all.map((one, i) => one.cpu / ours[i].cpu));
		const range = `${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)}`;
		lines.push(`| ${name} | ${rate(name).toFixed(0)} | ${range} | ${of("p50", 2)} | ${of("p99", 2)} `
			+ `| ${of("cpu", 1)} | ${of("switches", 1)} | ${of("resident", 1)} | ${failed} `
			+ `| ${name === "partnerapp" || !rate(name) ? " | " : `${ratio} | ${byCpu}`} |`);
	}
	return `${lines.join("\n")}\n\n${others([...results.values()].flat())}`;
}

async function measure(route, contenders, options) {
	const results = new Map(contenders.map((one) => [one.name, []]));
	const run = { ...options, script: route.script, connections: route.connections ?? options.connections };
	/** A run, the quietest of three when others use more than a tenth of the machine. */
	const measured = async (contender) => {
		let best;
		for (let tries = 0; tries < 3 && !(best?.foreign < 0.1); tries++) {
			const result = await load(contender, route.url, run);
			await idle(contender.pid);
			if (!(best?.foreign <= result.foreign)) best = result;
		}
		return best;
	};
	for (const contender of contenders) await measured(contender); // warm-up
	for (let round = 0; round < options.repetitions; round++) {
		for (const contender of round % 2 ? [...contenders].reverse() : contenders) {
			results.get(contender.name).push(await measured(contender));
		}
	}
	return results;
}

/**
 * Runs all routes whose title has `options.only` in it and prints a table for each. True when no request of ours failed.
 * Each kind of upstream has contenders of its own.
 */
export async function compare(folder, upstream, options) {
	const wanted = routes.filter((route) => !options.only || route.title.includes(options.only));
	let fine = true;
	for (const kind of new Set(wanted.map((route) => route.kind))) {
		const ofKind = wanted.filter((route) => route.kind === kind);
		const names = new Set(ofKind.flatMap((route) => route.of));
		const contenders = await startContenders(folder, upstream, { ...options, kind, names });
		for (const route of ofKind) {
			const taking = contenders.filter((one) => one.isOurs || route.of.includes(one.name));
			const results = await measure(route, taking, options);
			console.log(`\n${table(route, results)}`);
			fine &&= results.get("partnerapp").every((one) => one.failed === 0);
		}
		await endAll(contenders.map((one) => one.child));
	}
	return fine;
}
