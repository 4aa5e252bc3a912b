// A soak: the demo under steady load with reloads and renewals, sampled every second. See scripts/soak.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, request, top, until } from "../http/client.mjs";
import { median, problems, quantile, slope } from "./judge.mjs";
import { Load } from "./load.mjs";

const binary = process.env.PARTNERAPP ?? path.join(top, "build/release/partnerapp");
const RELOAD_SECONDS = 5;
const JUDGED_SECONDS = 240; // a shorter run says too little about memory and latency
const WARM_SECONDS = 300; // until each worker and connection has made its buffers; a third of a run of a few minutes

const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) =>
	/^(PATH|HOME|LANG|TMPDIR|[AUTL]SAN_OPTIONS)$/.test(name)));

/** Starts the demo in that folder, with a copy of the app that is shipped. */
async function startDemo(folder) {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	const app = `http://localhost:${port}`, sandbox = `http://127.0.0.1:${sandboxPort}`;
	cpSync(path.join(top, "lua/app"), path.join(folder, "app"), { recursive: true });
	// glibc keeps freed blocks for each of some hundred threads, a bounded amount that takes an hour to fill and would hide
	// growth of the program's own.
	const env = {
		...kept, GLIBC_TUNABLES: "glibc.malloc.tcache_count=0", WORKERS: "128", LOG_LEVEL: "info",
		LISTEN: `127.0.0.1:${port}`, SANDBOX_LISTEN: `127.0.0.1:${sandboxPort}`, PUBLIC_URL: app,
	};
	const log = path.join(folder, "log");
	const child = spawn(binary, ["demo", "app"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
	child.stderr.on("data", (data) => appendFileSync(log, data));
	const ended = once(child, "exit");
	const ready = await Promise.race([once(child.stdout, "data"), ended]);
	if (child.exitCode !== null) throw new Error(`the demo ended with ${ready[0]}: ${readFileSync(log, "utf8")}`);
	return { app, sandbox, child, ended, script: path.join(folder, "app/init.lua"), log: () => readFileSync(log, "utf8") };
}

async function metrics(demo) {
	const { text } = await request(`${demo.app}/metrics`);
	return (name) => +new RegExp(`^partnerapp_${name} (\\S+)`, "m").exec(text)[1];
}

/** What the process uses now. */
async function measure(demo, seconds) {
	const status = readFileSync(`/proc/${demo.child.pid}/status`, "utf8");
	const of = (name) => +new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)[1];
	const count = await metrics(demo);
	return {
		seconds, rss: of("VmRSS") / 1024, threads: of("Threads"),
		descriptors: readdirSync(`/proc/${demo.child.pid}/fd`).length, vms: count("vms"), reloads: count("reloads_total"),
	};
}

const COLUMNS = ["minute", "req/s", "p50 ms", "p99 ms", "RSS MB", "descr.", "threads", "VMs", "flows", "renewals", "reloads"];

function printRow(values) {
	console.log(values.map((value, i) => String(value).padStart(COLUMNS[i].length + 1)).join(" "));
}

/** A line of the table for the samples of a minute. */
function printMinute(minute, samples, load, renewals) {
	const latencies = samples.flatMap((one) => one.latencies);
	const of = (name) => median(samples.map((one) => one[name])).toFixed(0);
	const last = samples.at(-1), requests = samples.reduce((sum, one) => sum + one.count, 0);
	const span = samples.reduce((sum, one) => sum + one.span, 0);
	printRow([minute, (requests / span).toFixed(0), quantile(latencies, 0.5).toFixed(1), quantile(latencies, 0.99).toFixed(1),
		median(samples.map((one) => one.rss)).toFixed(1), of("descriptors"), of("threads"), of("vms"), load.flows, renewals,
		last.reloads]);
}

const renewals = (demo) => (demo.log().match(/token renewed/g) ?? []).length;

/** Samples every second until the end, and saves a script anew every few seconds. */
async function watch(demo, load, seconds, ending) {
	const samples = [], text = readFileSync(demo.script, "utf8");
	const begun = performance.now();
	let minute = [], minutes = 1, saved = 0, before = begun;
	printRow(COLUMNS);
	for (let now = begun; now - begun < seconds * 1000 && !ending.aborted;) {
		await sleep(1000, undefined, { signal: ending }).catch(() => {});
		if (demo.child.exitCode !== null || demo.child.signalCode) throw new Error("the demo has ended");
		now = performance.now();
		const sample = await measure(demo, (now - begun) / 1000);
		samples.push(Object.assign(sample, load.take(), { span: (now - before) / 1000 }));
		before = now;
		minute.push(sample);
		if (Math.floor(sample.seconds / RELOAD_SECONDS) > saved) {
			saved = Math.floor(sample.seconds / RELOAD_SECONDS);
			writeFileSync(demo.script, `${text}-- ${saved}\n`);
		}
		if (sample.seconds >= 60 * minutes || now - begun >= seconds * 1000 || ending.aborted) {
			printMinute(minutes++, minute, load, renewals(demo));
			minute = [];
		}
	}
	return samples;
}

/** What was wrong in a run, besides what the load has told: growth, the log, what is not given back at the end. */
async function judge(demo, samples, load, cut) {
	const found = [];
	const warm = samples.filter((one) => one.seconds > Math.min(WARM_SECONDS, samples.at(-1).seconds / 3));
	if (load.problems.length > 0) found.push(`${load.problems.length} answers were not as wanted`);
	console.log(`soak: ${load.count} requests, ${load.flows} flows, ${renewals(demo)} renewals; ${load.skipped} requests left out`);
	if (samples.at(-1).seconds >= JUDGED_SECONDS) {
		console.log(`soak: resident memory changes by ${slope(warm, (one) => one.rss).toFixed(1)} MB an hour`);
		found.push(...problems(warm));
	} else {
		console.log(`soak: ${Math.round(samples.at(-1).seconds)} s are too short to judge memory and latency`);
	}
	if (!cut && load.flows === 0) found.push("no flow came to its end");
	if (!cut && samples.at(-1).reloads === samples[0].reloads) found.push("no reload happened");
	// Without load, all leases are back and the connections' descriptors are closed.
	const idle = async () => {
		const count = await metrics(demo);
		// The request for the counters has a VM itself.
		return count("vms_leased") - 1 + count("database_connections_leased") + count("upstream_calls_running")
			+ Math.max(0, readdirSync(`/proc/${demo.child.pid}/fd`).length - median(samples.map((one) => one.descriptors)));
	};
	await until(idle, (left) => left <= 0).catch((error) => found.push(`something is not given back: ${error.message}`));
	return found;
}

/** Ends the demo as a supervisor would; what it did not do well. */
async function end(demo) {
	demo.child.kill("SIGTERM");
	const [code, signal] = await demo.ended;
	const log = demo.log(), found = [];
	if (code !== 0) found.push(`the demo ended with ${code ?? signal}`);
	const bad = log.match(/^.*("level":"error"|\berror( \w+)?: |Sanitizer|runtime error:|"leaked").*/m);
	if (bad) found.push(`the log says: ${bad[0].slice(0, 500)}`);
	return found;
}

async function main(minutes, rate) {
	const folder = mkdtempSync(path.join(tmpdir(), "partnerapp-soak-"));
	const ending = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => ending.abort());
	let demo;
	try {
		demo = await startDemo(folder);
		const load = new Load(demo, rate);
		await load.start();
		const samples = await watch(demo, load, minutes * 60, ending.signal);
		await load.stop();
		const found = await judge(demo, samples, load, ending.signal.aborted);
		found.push(...await end(demo));
		demo = null;
		for (const problem of found) console.log(`soak: ${problem}`);
		console.log(found.length === 0 ? "soak: fine" : "soak: failed");
		return found.length === 0 ? 0 : 1;
	} finally {
		demo?.child.kill("SIGKILL");
		await demo?.ended;
		rmSync(folder, { recursive: true, force: true });
	}
}

const [minutes = "15", rate = "200"] = process.argv.slice(2);
if (!(+minutes > 0) || !(+rate > 0)) {
	console.error("usage: scripts/soak [MINUTES] [REQUESTS A SECOND]");
	process.exit(2);
}
process.exitCode = await main(+minutes, +rate);
