// One run of wrk on core 1 against a server on core 0.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cpuSeconds, residentMb } from "./process.mjs";

const run = promisify(execFile);

function milliseconds(text) {
	const [, number, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [null, NaN, "ms"];
	return number * { us: 0.001, ms: 1, s: 1000, m: 60000 }[unit];
}

/** { rate, p50, p99, cpu (microseconds a request), resident, failed } of a contender. */
export async function load(contender, url, { connections, seconds, script }) {
	const before = cpuSeconds(contender.pid);
	const args = ["-c", "1", "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout", "10s"];
	if (script) args.push("-s", script);
	const { stdout, stderr } = await run("taskset", [...args, contender.origin + url]);
	const used = cpuSeconds(contender.pid) - before;
	const requests = +/(\d+) requests in/.exec(stdout)[1];
	const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? [0, 0, 0, 0, 0];
	const refused = +(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
	return {
		rate: +/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1],
		p50: milliseconds(/50%\s+(\S+)/.exec(stdout)[1]),
		p99: milliseconds(/99%\s+(\S+)/.exec(stdout)[1]),
		cpu: (used / requests) * 1e6,
		resident: residentMb(contender.pid),
		failed: refused + errors.slice(1).reduce((sum, one) => sum + +one, 0) + (stderr ? 1 : 0),
	};
}
