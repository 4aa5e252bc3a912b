// A store with many installs: what it takes to save one, to find one, and to list a page, one request at a time.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { request } from "../http/client.mjs";
import { startOurs } from "./contenders.mjs";
import { load } from "./wrk.mjs";

/** Fills the store, measures, and prints. True when no request failed. */
export async function store(folder, upstream, { installCount }) {
	const ours = await startOurs(folder, upstream);
	const count = async () => +(await request(`${ours.origin}/store/count`, { headers: { host: "localhost" } })).text;
	let failed = 0;
	while ((await count()) < installCount) failed += (await load(ours, "/store/save", { connections: 64, seconds: 3 })).failed;
	const page = (await request(`${ours.origin}/store/page`, { headers: { host: "localhost" } })).json();
	const script = path.join(folder, "find.lua");
	writeFileSync(script, `
local ids = { ${page.map((id) => `"${id}"`).join(", ")} }
function request() return wrk.format("GET", "/store/find/" .. ids[math.random(#ids)]) end
`);
	const one = { connections: 1, seconds: 3 };
	const rows = [
		["save, durably", await load(ours, "/store/save", one)],
		["find", await load(ours, "/store/find", { ...one, script })],
		["a page of 50", await load(ours, "/store/page", one)],
	];
	console.log(`\n| ${await count()} installs | p50 ms | p99 ms | CPU µs/req | failed |\n|---|---:|---:|---:|---:|`);
	for (const [name, run] of rows) {
		failed += run.failed;
		console.log(`| ${name} | ${run.p50.toFixed(2)} | ${run.p99.toFixed(2)} | ${run.cpu.toFixed(0)} | ${run.failed} |`);
	}
	ours.child.kill("SIGTERM");
	return failed === 0;
}
