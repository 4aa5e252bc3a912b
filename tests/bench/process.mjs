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

/** Ends everything that launch started. */
export async function endAll() {
	const children = [...running];
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

/** Resident megabytes of a process and its children. */
export function residentMb(pid) {
	return family(pid).reduce((sum, one) => {
		const status = readFileSync(`/proc/${one}/status`, "utf8");
		return sum + +(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
	}, 0);
}
