// The dashboard with many installs and exchanges, beside the same pages with a hundred of each.
import http from "node:http";
import { performance } from "node:perf_hooks";
import path from "node:path";
import { request } from "../http/client.mjs";
import { median } from "./compare.mjs";
import { startOurs } from "./contenders.mjs";
import { FREQUENT, RARE, fill } from "./fill.mjs";
import { cpuSeconds, endAll } from "./process.mjs";

const FEW = { installs: 100, exchanges: 100, stories: 100 };

const encoded = (text) => encodeURIComponent(text);
const traffic = (query) => `/dashboard/traffic?${query}`;

/** Title, address, and the milliseconds that it may take. `{last}`: the number of the newest exchange. */
const PAGES = [
	["overview", "/dashboard", 50],
	["installs", "/dashboard/installs", 50],
	["installs, a page in the middle", "/dashboard/installs?from={middle}", 50],
	["installs, search that finds one", "/dashboard/installs?q=js77", 200],
	["installs, search that finds none", `/dashboard/installs?q=${encoded("no such text")}`, 200],
	["an install", "/dashboard/installs/install00007", 50],
	["an install's steps", "/dashboard/installs/install00007/steps", 50],
	["events", "/dashboard/deliveries?span=week", 50],
	["traffic", "/dashboard/traffic", 50],
	["traffic, the oldest page", traffic("before=40"), 50],
	["an exchange", "/dashboard/traffic/{last}", 50],
	["a flow", "/dashboard/traffic/flows/flow-7", 50],
	["what the list asks each second", "/dashboard/traffic/version", 50],
	["traffic of one install", traffic("install=install00007"), 50],
	["traffic, calls out", traffic("direction=out"), 50],
	["traffic, status 5xx (1 in 1,000)", traffic("status=5"), 50],
	["traffic, status 2xx", traffic("status=2"), 50],
	["traffic, no answer (one)", traffic("status=0"), 50],
	["traffic, status that none has", traffic("status=6"), 50],
	["traffic, outcome refused (1 in 1,000)", traffic("outcome=refused"), 50],
	["traffic, outcome answered, status 5xx, calls out", traffic("outcome=answered&status=5&direction=out"), 50],
	["search: a word that one exchange has", traffic(`q=${encoded(RARE)}`), 200],
	["search: a word that all have", traffic(`q=${encoded(FREQUENT)}`), 200],
	["search: a word that none has", traffic(`q=${encoded("xqzj")}`), 200],
	["search: parts of words that all have, in another order", traffic(`q=${encoded("application/partner")}`), 200],
	["search: a word that all have, status 5xx", traffic(`q=${encoded(FREQUENT)}&status=5`), 200],
	["search: a word that all have, one install", traffic(`q=${encoded(FREQUENT)}&install=install00007`), 200],
	["search: two letters, in URLs only", traffic("q=zz"), 200],
];

/** A server whose databases have that many rows. */
async function start(folder, upstream, counts, name) {
	const file = path.join(folder, `${name}.db`);
	const env = {
		DATABASE_URL: `sqlite:${file}`, TRAFFIC: "on", TRAFFIC_MB: "4096", TRAFFIC_DAYS: "365", JOBS: "off", ENV: "development",
	};
	const first = await startOurs(folder, upstream, { env });
	await endAll([first.child]);
	fill(file, counts);
	const ours = await startOurs(folder, upstream, { env });
	const middle = encodeURIComponent(`${Math.floor(Date.now() / 1000) - counts.installs * 30} x`);
	return { ...ours, of: { last: counts.exchanges, middle }, agent: new http.Agent({ keepAlive: true, maxSockets: 1 }) };
}

/** Milliseconds of one answer. */
async function ask(ours, url, statuses) {
	const filled = url.replace(/\{(\w+)\}/g, (_, name) => ours.of[name]);
	const begun = performance.now();
	const { status, text } = await request(ours.origin + filled, { headers: { host: "localhost" }, agent: ours.agent });
	if (!statuses.includes(status)) throw new Error(`${filled} answered ${status}: ${text.slice(0, 500)}`);
	return performance.now() - begun;
}

/** Milliseconds, and of CPU, of a page of both servers, asked in turn. */
async function measure(servers, url, count) {
	const runs = servers.map(() => ({ times: [], cpu: 0 }));
	for (let i = 0; i < count; i++) {
		for (const [at, ours] of servers.entries()) {
			const before = cpuSeconds(ours.pid);
			runs[at].times.push(await ask(ours, url, [200, 303]));
			runs[at].cpu += cpuSeconds(ours.pid) - before;
		}
	}
	return runs.map(({ times, cpu }) => ({ median: median(times), most: Math.max(...times), cpu: cpu / count * 1000 }));
}

/** Prints the table. True when every page is within its time: the median, for others use the machine too. */
export async function dashboard(folder, upstream, { installCount, exchangeCount, repetitions }) {
	const counts = { installs: installCount, exchanges: exchangeCount, stories: 500 };
	const few = await start(folder, upstream, FEW, "few"), many = await start(folder, upstream, counts, "many");
	let fine = true;
	console.log(`\n| the dashboard, ${counts.installs} installs and ${counts.exchanges} exchanges | ms | at most | `
		+ "CPU ms | with 100 | many takes | wanted |\n|---|---:|---:|---:|---:|---:|---:|");
	for (const [title, url, wanted] of PAGES) {
		await measure([few, many], url, 2);
		const [small, large] = await measure([few, many], url, repetitions * 4);
		const is = (value) => value.toFixed(1);
		fine &&= large.median <= wanted;
		console.log(`| ${title} | ${is(large.median)} | ${is(large.most)} | ${is(large.cpu)} | ${is(small.median)} `
			+ `| ${(large.median / small.median).toFixed(2)} × | ${large.median <= wanted ? `< ${wanted}` : `**< ${wanted}**`} |`);
	}
	await endAll([few.child, many.child]);
	return fine;
}
