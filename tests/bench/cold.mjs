// A cold start over TLS: the first callbacks after a start, all at once, until the last one is answered.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { performance } from "node:perf_hooks";
import { median, others } from "./compare.mjs";
import { startContender } from "./contenders.mjs";
import { cpuSeconds, endAll, foreignSeconds, residentMb } from "./process.mjs";

const FIRST = 64, CALLBACK = "/callback?code=abc&state=s1";

/** A connection on which nothing was asked yet. ask() gives the status of one callback over it. */
async function connected(contender) {
	const socket = net.connect(contender.port, "127.0.0.1");
	await once(socket, "connect");
	return {
		ask: () => new Promise((resolve) => {
			const options = { path: CALLBACK, createConnection: () => socket, headers: { host: "localhost:8888" } };
			http.get(options, (answer) => answer.resume().on("end", () => resolve(answer.statusCode)))
				.on("error", () => resolve(0));
		}),
	};
}

async function start(name, folder, upstream, options) {
	const contender = await startContender(name, folder, upstream, options);
	const clients = await Promise.all(Array.from({ length: FIRST }, () => connected(contender)));
	const before = { cpu: cpuSeconds(contender.pid), foreign: foreignSeconds() }, begun = performance.now();
	const statuses = await Promise.all(clients.map((client) => client.ask()));
	const ms = performance.now() - begun;
	const result = {
		ms,
		foreign: ((foreignSeconds() - before.foreign) * 1000) / ms / 2,
		cpu: (cpuSeconds(contender.pid) - before.cpu) * 1000,
		resident: residentMb(contender.pid),
		failed: statuses.filter((status) => status !== 200).length,
	};
	await endAll([contender.child]);
	return result;
}

/** Measures and prints. True when no request of ours failed. */
export async function cold(folder, upstream, { repetitions, before }) {
	execFileSync("taskset", ["-a", "-p", "-c", "1", String(process.pid)]); // away from the servers
	const names = ["partnerapp", ...(before ? ["before"] : []), "nginx-lua", "fastify", "express"];
	const results = new Map(names.map((name) => [name, []]));
	for (let round = 0; round < repetitions; round++) {
		for (const name of round % 2 ? [...names].reverse() : names) {
			results.get(name).push(await start(name, folder, upstream, { kind: "tls", before }));
		}
	}
	const ours = results.get("partnerapp");
	console.log(`\n| cold start, TLS: ${FIRST} first callbacks at once | all answered after ms | min–max | CPU ms `
		+ "| RSS MB after | failed | ours takes |");
	console.log("|---|---:|---:|---:|---:|---:|---:|");
	for (const [name, all] of results) {
		const of = (field) => median(all.map((one) => one[field])).toFixed(0), times = all.map((one) => one.ms);
		const failed = all.reduce((sum, one) => sum + one.failed, 0);
		const ratio = name === "partnerapp" ? "" : `${median(times.map((ms, i) => ours[i].ms / ms)).toFixed(2)} ×`;
		console.log(`| ${name} | ${of("ms")} | ${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)} `
			+ `| ${of("cpu")} | ${of("resident")} | ${failed} | ${ratio} |`);
	}
	console.log(`\n${others([...results.values()].flat())}`);
	return ours.every((one) => one.failed === 0);
}
