// Starts the real program on free ports in a folder of its own, talks to it, and stops it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { consent, freePort, request, top } from "./client.mjs";

export * from "./client.mjs";
export const binary = process.env.PARTNERAPP ?? path.join(top, "build/release/partnerapp");

/** A new empty folder; `remove` deletes it. */
export function folder() {
	const name = mkdtempSync(path.join(tmpdir(), "partnerapp-test-"));
	return { name, remove: () => rmSync(name, { recursive: true, force: true }) };
}

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) =>
	/^(PATH|HOME|LANG|TMPDIR|[AUTL]SAN_OPTIONS|LSAN_OPTIONS)$/.test(name)));

/** Runs a command to its end: { code, out, err }. */
export async function run(args, { cwd, env = {}, input = "" } = {}) {
	const child = spawn(binary, args, { cwd, env: { ...clean, ...env } });
	let out = "", err = "";
	child.stdout.on("data", (data) => (out += data));
	child.stderr.on("data", (data) => (err += data));
	child.stdin.on("error", () => {}); // it may end before it has read anything
	child.stdin.end(input);
	const [code] = await once(child, "close");
	return { code, out, err };
}

// What a failed test left running would keep its file from ending: it gets the time that the files' own hooks need.
const running = new Set();
after(() => void setTimeout(() => running.forEach((child) => child.kill("SIGKILL")), 5000).unref());

/** Starts a server command and waits until it says that it listens. */
export async function start(args, { cwd, env = {} }) {
	const child = spawn(binary, args, { cwd, env: { ...clean, ...env }, stdio: ["ignore", "pipe", "pipe"] });
	running.add(child);
	child.once("exit", () => running.delete(child));
	const server = { child, out: "", err: "", exited: once(child, "close") };
	child.stderr.on("data", (data) => (server.err += data));
	await new Promise((resolve, reject) => {
		child.stdout.on("data", (data) => {
			server.out += data;
			resolve();
		});
		child.once("exit", (code) => reject(new Error(`exit ${code}: ${server.err}`)));
	});
	/** Ends it as a supervisor would; the exit code. */
	server.stop = async (signal = "SIGTERM") => {
		if (child.exitCode === null && child.signalCode === null) child.kill(signal);
		const [code, by] = await server.exited;
		return code ?? by;
	};
	/** Waits for a text in the log. */
	server.logged = async (text) => {
		while (!server.err.includes(text)) {
			await Promise.race([once(child.stderr, "data"), server.exited.then(() => {
				throw new Error(`it ended without logging ${text}: ${server.err}`);
			})]);
		}
	};
	return server;
}

/** The demo on free ports: { app, sandbox } are its origins. */
export async function startDemo({ app, env = {}, flags = [] } = {}) {
	const place = folder();
	const [appPort, sandboxPort] = [await freePort(), await freePort()];
	const origins = { app: `http://localhost:${appPort}`, sandbox: `http://127.0.0.1:${sandboxPort}` };
	const settings = {
		LISTEN: `127.0.0.1:${appPort}`,
		SANDBOX_LISTEN: `127.0.0.1:${sandboxPort}`,
		PUBLIC_URL: origins.app,
		...env,
	};
	const args = ["demo", ...(app ? [app] : []), ...flags];
	const server = await start(args, { cwd: place.name, env: settings });
	return {
		...origins, ...server, appPort, sandboxPort, settings, cwd: place.name,
		get err() { return server.err; },
		end: async () => {
			const code = await server.stop();
			place.remove();
			return code;
		},
	};
}

/** Walks from the app to the end of the callback; `decision` as on the consent page. */
export async function walk(demo, jar, { mount = "/auth/segment", headers = {}, ...choices } = {}) {
	const begun = await request(demo.app + mount, { jar });
	const callback = await consent(demo, await request(begun.location, { jar }), jar, choices);
	return { begun, callback, response: await request(callback, { jar, headers }) };
}

export const exists = existsSync;
