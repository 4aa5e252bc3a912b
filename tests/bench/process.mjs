// Processes that are measured: pinned to a core, watched through /proc, ended with the run.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import net from "node:net";

const ticksPerSecond = 100; // USER_HZ on Linux
const running = new Set();

/** Starts a command on one core; its output goes to stderr only when it ends by itself. */
export function launch(core, command, args, env = {}) {
	const child = spawn("taskset", ["-c", core, command, ...args], { env: { ...process.env, ...env } });
	let said = "";
	child.stdout.on("data", (data) => (said += data));
	child.stderr.on("data", (data) => (said = (said + data).slice(-65536)));
	child.said = () => said;
	running.add(child);
	child.on("exit", (code) => {
		running.delete(child);
		if (!child.killed) process.stderr.write(`bench: ${command} ended with ${code}\n${said}\n`);
	});
	return child;
}

/** Ends some of what launch started, without them all of it. */
export async function endAll(children = [...running]) {
	const ended = children.map((child) => new Promise((resolve) => child.once("exit", resolve)));
	children.forEach((child) => child.kill("SIGTERM"));
	await Promise.all(ended);
}

/** Waits until a process listens on the port of 127.0.0.1. */
export async function listening(port) {
	for (let tries = 0; tries < 2000; tries++) {
		const open = await new Promise((resolve) => {
			const socket = net.connect(port, "127.0.0.1");
			socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
			socket.once("connect", () => socket.destroy());
		});
		if (open) return;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	throw new Error(`nobody listens on port ${port}`);
}

/** A process and all below it. */
function family(pid) {
	const pids = [pid];
	for (const task of readdirSync(`/proc/${pid}/task`)) {
		const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean);
		for (const child of children) pids.push(...family(+child));
	}
	return pids;
}

/** Seconds of CPU that a process and its children have used. */
export function cpuSeconds(pid) {
	return family(pid).reduce((sum, one) => {
		const fields = readFileSync(`/proc/${one}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
		return sum + (+fields[11] + +fields[12]) / ticksPerSecond;
	}, 0);
}

const ticks = (fields) => fields.reduce((sum, one) => sum + +one, 0) / ticksPerSecond;

/**
 * Seconds of CPU, of both cores, that neither this process nor anything below it has used, since the machine's start: what
 * others do here. Those that ended count too.
 */
export function foreignSeconds() {
	const [user, nice, system, , , , , steal] = readFileSync("/proc/stat", "utf8").split("\n")[0].split(/\s+/).slice(1);
	const ended = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "").split(" ").slice(13, 15);
	return ticks([user, nice, system, steal]) - ticks(ended) - cpuSeconds(process.pid);
}

/** How often threads of a process and its children were switched: they waited, or another one was to run. */
export function switches(pid) {
	let sum = 0;
	for (const one of family(pid)) {
		for (const task of readdirSync(`/proc/${one}/task`)) {
			const status = readFileSync(`/proc/${one}/task/${task}/status`, "utf8");
			for (const [, count] of status.matchAll(/ctxt_switches:\s+(\d+)/g)) sum += +count;
		}
	}
	return sum;
}

/** Waits until a process and its children use no CPU: what clients left undone would slow the next one that is measured. */
export async function idle(pid) {
	for (let tries = 0; tries < 300; tries++) {
		const before = cpuSeconds(pid);
		await new Promise((resolve) => setTimeout(resolve, 200));
		if (cpuSeconds(pid) - before < 2 / ticksPerSecond) return;
	}
	throw new Error(`process ${pid} does not come to rest`);
}

/** Resident megabytes of a process and its children. */
export function residentMb(pid) {
	return family(pid).reduce((sum, one) => {
		const status = readFileSync(`/proc/${one}/status`, "utf8");
		return sum + +(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
	}, 0);
}
