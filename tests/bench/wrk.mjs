// One run of wrk on core 1 against a server on core 0.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cpuSeconds, foreignSeconds, residentMb, switches } from "./process.mjs";

const run = promisify(execFile);

function milliseconds(text) {
	const [, number, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [null, NaN, "ms"];
	return number * { us: 0.001, ms: 1, s: 1000, m: 60000 }[unit];
}

/**
X
 * the two cores that others used meanwhile) } of a contender.
 */
export async function load(contender, url, { connections, seconds, script }) {
	const before = { cpu: cpuSeconds(contender.pid), switches: switches(contender.pid), foreign: foreignSeconds() };
	const args = ["-c", "1", "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout", "10s"];
	if (script) args.push("-s", script);
	const { stdout, stderr } = await run("taskset", [...args, contender.origin + url]);
	const used = cpuSeconds(contender.pid) - before.cpu;
	const switched = switches(contender.pid) - before.switches;
	const foreign = (foreignSeconds() - before.foreign) / seconds / 2;
	const requests = +/(\d+) requests in/.exec(stdout)[1];
	const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? [0, 0, 0, 0, 0];
	const refused = +(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
	return {
		rate: +/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1],
		p50: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)[1]),
		p99: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)[1]),
		cpu: requests ? (used / requests) * 1e6 : NaN,
		switches: requests ? switched / requests : NaN,
		resident: residentMb(contender.pid),
		failed: refused + errors.slice(1).reduce((sum, one) => sum + +one, 0) + (stderr ? 1 : 0),
		foreign,
	};
}
