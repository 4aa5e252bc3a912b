// scripts/bench: see README.md beside this file.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { cold } from "./cold.mjs";
import { compare } from "./compare.mjs";
import { startUpstream } from "./contenders.mjs";
import { dashboard } from "./dashboard.mjs";
import { destinations } from "./destinations.mjs";
import { limits } from "./limits.mjs";
import { endAll } from "./process.mjs";
import { recording } from "./recording.mjs";
import { sandbox } from "./sandbox.mjs";
import { store } from "./store.mjs";

const { values } = parseArgs({
	options: {
		connections: { type: "string", default: "64" },
		seconds: { type: "string", default: "3" },
		repetitions: { type: "string", default: "5" },
		reloads: { type: "string", default: "1000" },
		installs: { type: "string", default: "100000" },
		exchanges: { type: "string", default: "100000" },
		only: { type: "string" },
		before: { type: "string" },
	},
});
const options = {
	connections: +values.connections, seconds: +values.seconds, repetitions: +values.repetitions, only: values.only,
	before: values.before && path.resolve(values.before),
};
const folder = mkdtempSync(path.join(os.tmpdir(), "partnerapp-bench-"));
let fine = false;
process.on("SIGINT", () => endAll().then(() => process.exit(130)));
try {
	const upstream = await startUpstream(folder);
	console.log(`${os.cpus()[0].model}, servers on core 0, wrk and the upstream on core 1, `
		+ `${options.connections} connections, ${options.repetitions} runs of ${options.seconds} s each, medians`);
	const wanted = (name) => !options.only || options.only === name;
	const apart = ["cold", "sandbox", "store", "destinations", "dashboard", "recording", "limits"];
	fine = apart.includes(options.only) || await compare(folder, upstream, options);
	if (wanted("cold")) fine = (await cold(folder, upstream, options)) && fine;
	if (wanted("sandbox")) fine = (await sandbox(folder, options)) && fine;
	if (wanted("store")) fine = (await store(folder, upstream, { installCount: +values.installs })) && fine;
	if (wanted("destinations")) fine = destinations(folder, options) && fine;
	if (wanted("dashboard")) {
		const counts = { installCount: Math.ceil(+values.installs / 10), exchangeCount: +values.exchanges };
		fine = (await dashboard(folder, upstream, { ...options, ...counts })) && fine;
	}
	if (wanted("recording")) fine = (await recording(folder, upstream, options)) && fine;
	if (wanted("limits")) fine = (await limits(folder, upstream, { reloadCount: +values.reloads })) && fine;
} finally {
	await endAll();
	rmSync(folder, { recursive: true, force: true });
}
process.exitCode = fine ? 0 : 1;
