// TO-09: what becomes of a server when the terminal is closed that it was started from. Each case is a shell command at
// a pseudo-terminal, which is closed as the window of a terminal is: by the end of the program that has its other side.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { binary, folder, freePort, request } from "./harness.mjs";
import { AT_A_TERMINAL } from "./terminal.mjs";

const KEYS = { CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client" };

let place;
before(() => (place = folder()));
after(() => place.remove());

/** Waits for what `look` returns. */
async function until(look) {
	for (const end = Date.now() + 50_000; Date.now() < end; await sleep(50)) {
		const found = await look();
		if (found) return found;
	}
	throw new Error(`never came: ${look}`);
}

const isThere = (pid) => {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
};

const answers = (port) => request(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.status === 200, () => false);

let count = 0;

/** Starts a shell command in which PROGRAM is the program with the command's ports, and LOG its output: { pid, ports, window, log }. */
async function atTerminal(t, command, words = ["demo"]) {
	const ports = [await freePort(), await freePort()], log = path.join(place.name, `log${++count}`);
	const listen = words[0] === "sandbox" ? [] : ["--listen", `127.0.0.1:${ports[0]}`];
	const program = [binary, ...words, ...listen, "--sandbox-listen", `127.0.0.1:${ports[1]}`].join(" ");
	const text = command.replaceAll("PROGRAM", program).replaceAll("LOG", log);
	// A harness may itself run with SIGHUP ignored, which is inherited.
	const window = spawn("env", ["--default-signal=HUP", "script", "-qefc", text, "/dev/null"], {
		cwd: place.name, env: { PATH: process.env.PATH, SHELL: "/bin/bash", HOME: place.name, PS1: "$ ", ...KEYS }, stdio: ["pipe", "ignore", "ignore"],
	});
	window.stdin.on("error", () => {});
	const said = () => (existsSync(log) ? readFileSync(log, "utf8") : "");
	const used = words[0] === "sandbox" ? [ports[1]] : words[0] === "serve" ? [ports[0]] : ports;
	for (const port of used) await until(() => answers(port));
	const pid = Number(await until(() => /^pid (\d+)$/m.exec(said())?.[1]));
	t.after(() => {
		window.kill("SIGKILL");
		if (isThere(pid)) process.kill(pid, "SIGKILL");
	});
	return { pid, ports: used, window, said, close: () => window.kill("SIGKILL") };
}

/** The server has ended, by itself and with its ports free. */
async function hasEnded({ pid, ports, said }) {
	await until(() => !isThere(pid));
	for (const port of ports) assert.equal(await answers(port), false);
	assert.match(said(), /the terminal is closed: stopping/);
	assert.doesNotMatch(said(), /still running/);
}

const ALONE = "exec sh -c 'echo pid $$ >LOG; exec PROGRAM 2>>LOG'";

for (const words of [["demo"], ["serve"], ["sandbox"]])
	test(`TO-09 ${words[0]} ends with its terminal`, AT_A_TERMINAL, async (t) => {
		const one = await atTerminal(t, ALONE, words);
		one.close();
		await hasEnded(one);
	});

test("TO-09 a shell that sends SIGHUP on, after the terminal was closed; the exit code is 0", AT_A_TERMINAL, async (t) => {
	const one = await atTerminal(t, "trap 'kill -HUP $!' HUP; PROGRAM >>LOG 2>&1 & echo pid $! >>LOG; wait $!; wait $!; echo code $? >>LOG");
	one.close();
	await hasEnded(one);
	await until(() => /^code 0$/m.test(one.said()));
});

test("TO-09 it ends when its log goes to the terminal that is closed", AT_A_TERMINAL, async (t) => {
	const one = await atTerminal(t, "exec sh -c 'echo pid $$ >LOG; exec PROGRAM'");
	one.close();
	await until(() => !isThere(one.pid));
	for (const port of one.ports) assert.equal(await answers(port), false);
});

test("TO-09 a job of an interactive shell ends with the terminal", AT_A_TERMINAL, async (t) => {
	const begun = atTerminal(t, "exec bash --norc --noprofile -i <<'END' 2>/dev/null\nPROGRAM >>LOG 2>&1 &\necho pid $! >>LOG\nsleep 1000\nEND");
	const one = await begun;
	one.close();
	await hasEnded(one);
});

test("TO-09 a shell that sends SIGHUP to its jobs and ends before its terminal does", AT_A_TERMINAL, async (t) => {
	const one = await atTerminal(t, "set -m; PROGRAM >>LOG 2>&1 & echo pid $! >>LOG; read line; kill -HUP $!; exit 0");
	one.window.stdin.write("\n");
	await hasEnded(one);
});

test("TO-09 a shell that is killed", AT_A_TERMINAL, async (t) => {
	const one = await atTerminal(t, "echo shell $$ >>LOG; (echo pid $BASHPID; exec PROGRAM) >>LOG 2>&1; true");
	process.kill(Number(/^shell (\d+)$/m.exec(one.said())[1]), "SIGKILL");
	await hasEnded(one);
});

test("TO-09 RL-07 SIGHUP reloads while the terminal is there", AT_A_TERMINAL, async (t) => {
	const one = await atTerminal(t, ALONE);
	process.kill(one.pid, "SIGHUP");
	await until(() => one.said().includes('"reloaded"'));
	assert.ok(isThere(one.pid));
	one.close();
	await hasEnded(one);
});

for (const [what, command] of [
	["with nohup", "set -m; nohup PROGRAM >>LOG 2>&1 & echo pid $! >>LOG; read line"],
	["with nohup, in the foreground", "exec sh -c 'echo pid $$ >>LOG; exec nohup PROGRAM >>LOG 2>&1'"],
	["in a session of its own", "exec setsid sh -c 'echo pid $$ >>LOG; exec PROGRAM >>LOG 2>&1' & read line"],
	["that its shell has disowned", "set -m; PROGRAM >>LOG 2>&1 & echo pid $! >>LOG; disown; read line"],
])
	test(`TO-09 a server ${what} outlives the terminal, and SIGHUP reloads`, AT_A_TERMINAL, async (t) => {
		const one = await atTerminal(t, command);
		const ended = new Promise((resolve) => one.window.on("exit", resolve));
		one.close();
		await ended;
		if (what !== "that its shell has disowned") {
			process.kill(one.pid, "SIGHUP");
			await until(() => one.said().includes('"reloaded"'));
		}
		for (const port of one.ports) assert.ok(await answers(port));
		process.kill(one.pid, "SIGTERM");
		await until(() => !isThere(one.pid));
	});
