// What holds besides speed: the time to the first answer, memory, reloads under load, idle clients.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { request, top } from "../http/client.mjs";
import { startOurs, startPeer } from "./contenders.mjs";
import { endAll, residentMb } from "./process.mjs";
import { load } from "./wrk.mjs";

async function metric(ours, name) {
	const { text } = await request(`${ours.origin}/metrics`, { headers: { host: "localhost:8888" } });
	return +new RegExp(`^${name} (\\d+)`, "m").exec(text)[1];
}

async function until(condition) {
	for (let tries = 0; tries < 2000; tries++) {
		if (await condition()) return;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	throw new Error("waited in vain");
}

/** Milliseconds from a start to the first answer, the best of five: ours, and bare civetweb with as many threads. */
async function startTimes(folder, upstream) {
	const starts = {
		ours: () => startOurs(folder, upstream, { app: path.join(top, "lua/app") }),
		bare: () => startPeer("bare", folder, upstream),
	};
	const best = { ours: Infinity, bare: Infinity };
	await endAll([(await startPeer("bare", folder, upstream)).child]); // compiles it
	for (let i = 0; i < 5; i++) {
		for (const [name, start] of Object.entries(starts)) {
			const begun = performance.now();
			const { origin, child } = await start();
			await request(`${origin}/hello`);
			best[name] = Math.min(best[name], performance.now() - begun);
			await endAll([child]);
		}
	}
	return best;
}

/**
 * Kilobytes that Lua holds in a VM with the library and the shipped app: at its first request, and once its job ran. Two
 * requests wait for the upstream at once, each in a VM of its own, and the smaller one counts: the other is the first
 * VM, which has also checked the app.
 */
async function vmSize(folder, upstream) {
	const app = path.join(folder, "shipped");
	cpSync(path.join(top, "lua/app"), app, { recursive: true });
	const script = path.join(app, "init.lua");
	const routes = `local function memory()
			require("partnerapp.http").post(require("partnerapp.config").segment_id_url .. "/oauth2/token", { body = "x" })
			return reply.text(tostring(collectgarbage "count"))
		end
		app:get("/memory", memory)
		app:get("/job", function() app.installs:refresh_due() return memory() end)
		return app`;
	const idle = readFileSync(script, "utf8").replace("app:every(", "local function none() end none("); // it might run first
	writeFileSync(script, idle.replace(/^return app/m, routes));
	const ours = await startOurs(folder, upstream, { kind: "slow", app });
	const answer = async (path) => +(await request(ours.origin + path, { headers: { host: "localhost" } })).text;
	const ask = async (path) => Math.min(...(await Promise.all([answer(path), answer(path)])));
	return [await ask("/memory"), await ask("/job")];
}

/** 1,000 saves of the script while 64 connections ask and 256 idle ones wait. */
async function reloads(folder, upstream, count) {
	const app = path.join(folder, "app");
	cpSync(path.join(top, "tests/bench/app"), app, { recursive: true });
	const ours = await startOurs(folder, upstream, { app, env: { LOG_LEVEL: "info" } });
	const idle = Array.from({ length: 256 }, () => net.connect(ours.port, "127.0.0.1"));
	await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
	idle.forEach((socket) => socket.on("error", () => {}).write("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
	let stop = false;
	const failed = { count: 0, runs: 0 };
	const asking = (async () => {
		while (!stop) {
			const run = await load(ours, "/json", { connections: 64, seconds: 5 });
			failed.count += run.failed;
			failed.runs++;
		}
	})();
	const before = await metric(ours, "partnerapp_reloads_total");
	const script = path.join(app, "init.lua");
	const text = readFileSync(script, "utf8");
	for (let i = 1; i <= count; i++) {
		if (i % 50 === 0) writeFileSync(script, `${text}-- ${i}\n`); // a save now and then, the rest by signal
		else ours.child.kill("SIGHUP");
		await until(async () => (await metric(ours, "partnerapp_reloads_total")) >= before + i);
	}
	stop = true;
	await asking;
	idle.forEach((socket) => socket.destroy());
	const times = [...ours.child.said().matchAll(/"reloaded".*?"ms":"?([\d.]+)/g)].map((found) => +found[1]);
	times.sort((a, b) => a - b);
	return { failed: failed.count, reloads: (await metric(ours, "partnerapp_reloads_total")) - before,
		median: times[Math.floor(times.length / 2)], rss: residentMb(ours.pid) };
}

/** Measures and prints all. True when no request failed. */
export async function limits(folder, upstream, { reloadCount }) {
	const first = await startTimes(folder, upstream);
	const vm = await vmSize(folder, upstream);
	const under = await reloads(folder, upstream, reloadCount);
	console.log(`
| limit | measured |
|---|---:|
| start to first answer, best of 5 | ${first.ours.toFixed(0)} ms |
| the same of bare civetweb, with as many threads | ${first.bare.toFixed(0)} ms |
| memory of a VM, library and shipped app | ${vm[0].toFixed(0)} KB, ${vm[1].toFixed(0)} KB once its job has run |
| reloads under load, 64 connections and 256 idle clients | ${under.reloads} |
| requests that failed meanwhile | ${under.failed} |
| a reload, median | ${under.median?.toFixed(1)} ms |
| resident after it | ${under.rss.toFixed(1)} MB |`);
	return under.failed === 0;
}
