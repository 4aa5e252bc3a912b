// Counts the instructions of a request with valgrind's callgrind: see README.md in this folder.
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { top } from "../http/client.mjs";
import { median, routes } from "./compare.mjs";
import { startOurs, startUpstream } from "./contenders.mjs";
import { endAll } from "./process.mjs";

const execute = promisify(execFile);

// The warm-up creates the VMs, the connection to the upstream and the prepared statements of the store.
const WARM_UP = 200;

const { values: options } = parseArgs({
	options: {
		binary: { type: "string", default: path.join(top, "build/release/partnerapp") },
		app: { type: "string", default: path.join(top, "tests/bench/app") },
		requests: { type: "string", default: "500" },
		runs: { type: "string", default: "3" },
		only: { type: "string" },
		profiles: { type: "string" },
		traffic: { type: "string", default: "off" },
	},
});

/** Sends a GET over the agent's connection: { headers, reused }. Rejects for a status that is an error. */
function get(agent, url, headers = {}) {
	return new Promise((resolve, reject) => {
		const call = http.get(url, { agent, headers }, (answer) => {
			answer.resume().on("error", reject).on("end", () => {
				if (answer.statusCode >= 400) reject(new Error(`${url} answered ${answer.statusCode}`));
				else resolve({ headers: answer.headers, reused: call.reusedSocket });
			});
		});
		call.on("error", reject);
	});
}

/** The two requests of an install: the start, and the callback with the state and the cookie of the start. */
async function install(agent, origin, url) {
	const { headers } = await get(agent, origin + url);
	const state = new URL(headers.location).searchParams.get("state");
	const [cookie] = headers["set-cookie"][0].split(";");
	return get(agent, `${origin}${url}/callback?code=abc&state=${state}`, { cookie, accept: "application/json" });
}

/** partnerapp under callgrind, which counts only between `begin` and `end`. */
async function startCounted(folder, upstream) {
	const out = path.join(folder, "callgrind.out");
	const valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", `--callgrind-out-file=${out}`, options.binary];
	const ours = await startOurs(folder, upstream, { app: options.app, env: { WORKERS: "8", TRAFFIC: options.traffic }, command: valgrind });
	const control = (...args) => execute("callgrind_control", [...args, ours.pid]);
	let dumps = 0;
	return {
		...ours,
		begin: async () => {
			await control("-i", "on");
			await control("-z");
		},
		/** { total, profile }: the instructions since `begin`, and the file for callgrind_annotate. */
		end: async () => {
			await control("-d");
			await control("-i", "off");
			const profile = `${out}.${++dumps}`;
			return { total: +/^summary: (\d+)/m.exec(readFileSync(profile, "utf8"))[1], profile };
		},
	};
}

/** Instructions per request for one route, all requests over one connection. */
async function count(ours, route) {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	const ask = () => (route.script ? install(agent, ours.origin, route.url) : get(agent, ours.origin + route.url));
	const requests = +options.requests;
	for (let i = 0; i < WARM_UP; i++) await ask();
	await ours.begin();
	for (let i = 0; i < requests; i++) {
		if (!(await ask()).reused) throw new Error(`${route.title}: the server closed the connection`);
	}
	const { total, profile } = await ours.end();
	agent.destroy();
	if (options.profiles) {
		const name = `callgrind.${route.title.replace(/\W+/g, " ").trim().replaceAll(" ", "-")}`;
		mkdirSync(options.profiles, { recursive: true });
		copyFileSync(profile, path.join(options.profiles, name));
	}
	return total / requests;
}

/** One run with a server and a store of its own: instructions per request, in the order of the routes. */
async function run(measured) {
	const folder = mkdtempSync(path.join(os.tmpdir(), "partnerapp-instructions-"));
	try {
		const ours = await startCounted(folder, await startUpstream(folder));
		const counted = [];
		for (const route of measured) counted.push(await count(ours, route));
		return counted;
	} finally {
		await endAll();
		rmSync(folder, { recursive: true, force: true });
	}
}

process.on("SIGINT", () => endAll().then(() => process.exit(130)));
const measured = routes.filter((route) => !route.kind && (!options.only || route.title.includes(options.only)));
const runs = [];
for (let i = 0; i < +options.runs; i++) runs.push(await run(measured));
console.log("| instructions per request | median | min–max |\n|---|---:|---:|");
measured.forEach((route, i) => {
	const all = runs.map((counted) => Math.round(counted[i]));
	console.log(`| ${route.title} | ${median(all)} | ${Math.min(...all)}–${Math.max(...all)} |`);
});
