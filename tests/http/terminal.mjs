// A shell command at a pseudo-terminal.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

// A container may not have pseudo-terminals.
const hasTerminals = spawnSync("script", ["-qefc", "true", "/dev/null"]).status === 0;

/** Options of a test that needs one. It would wait for ever for a text that does not come. */
export const AT_A_TERMINAL = { skip: hasTerminals ? false : "there are no pseudo-terminals here", timeout: 60000 };

/** Runs it for the time of test `t`: what is on its screen is `shown`. */
export function terminal(t, command, { cwd, env }) {
	const child = spawn("script", ["-qefc", command, "/dev/null"], {
		cwd, env: { PATH: process.env.PATH, SHELL: "/bin/sh", ...env },
	});
	const it = { shown: "", ended: once(child, "close") };
	t.after(async () => {
		const late = setTimeout(() => child.kill("SIGKILL"), 10000);
		if (child.exitCode === null) child.stdin.write("\x03"); // Ctrl-C
		await it.ended;
		clearTimeout(late);
	});
	child.stdin.on("error", () => {}); // it may end before it has read all
	child.stdout.on("data", (data) => (it.shown += data));
	/** Waits for a text. */
	it.shows = async (text) => {
		while (!it.shown.includes(text)) {
			await Promise.race([once(child.stdout, "data"), it.ended.then(([code]) => {
				if (!it.shown.includes(text)) throw new Error(`it ended (${code}) without showing ${text}: ${it.shown}`);
			})]);
		}
	};
	/** Waits for a text, then types. */
	it.answer = async (text, keys) => {
		await it.shows(text);
		child.stdin.write(keys);
	};
	return it;
}
