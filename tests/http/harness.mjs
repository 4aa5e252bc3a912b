// Starts the real program on free ports in a folder of its own, and stops it. A test fails when its program ends with
// an unexpected exit code, does not give everything back, or has a sanitizer's report in its output.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { consent, freePort, request, top } from "./client.mjs";

export * from "./client.mjs";
export const binary = process.env.PARTNERAPP ?? path.join(top, "build/release/partnerapp");
export const exists = existsSync;

/** What `program` begins with to take root's rights away, such as reading any file. */
export const unprivileged = process.getuid() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];

/** A new empty folder; `remove` deletes it. */
export function folder() {
	const name = mkdtempSync(path.join(tmpdir(), "partnerapp-test-"));
	return { name, remove: () => rmSync(name, { recursive: true, force: true }) };
}

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) =>
	/^(PATH|HOME|LANG|TMPDIR|[AUTL]SAN_OPTIONS|LSAN_OPTIONS)$/.test(name)));

// The workers of a server under test; each serves one connection. A test that needs more says so.
const WORKERS = "16";

/** Fails when a program logged that something was not given back at its end, or when a sanitizer reported something. */
function hasNoLeak(text) {
	const found = text.match(/^.*("leaked"|\berror( \w+)?: leaked\b|ERROR: \w+Sanitizer|runtime error:)[^]*/m);
	if (found) assert.fail(found[0].slice(0, 5000));
}

/** Runs a command to its end: { code, out, err }. */
export async function run(args, { cwd, env = {}, input = "", program = binary } = {}) {
	const child = spawn(program, args, { cwd, env: { ...clean, ...env } });
	let out = "", err = "";
	child.stdout.on("data", (data) => (out += data));
	child.stderr.on("data", (data) => (err += data));
	child.stdin.on("error", () => {}); // the command may end before it has read anything
	child.stdin.end(input);
	const [code] = await once(child, "close");
	hasNoLeak(err);
	return { code, out, err };
}

// Programs that a failed test left running are killed, after the time that the hooks of the test files need: they would
// keep the file from ending.
const running = new Set();
after(() => void setTimeout(() => running.forEach((child) => child.kill("SIGKILL")), 5000).unref());

/** Starts a server command and waits until its output says that it listens. */
export async function start(args, { cwd, env = {}, program = [binary] }) {
	const [command, ...before] = program;
	const child = spawn(command, [...before, ...args], {
		cwd, env: { ...clean, WORKERS, ...env }, stdio: ["ignore", "pipe", "pipe"],
	});
	running.add(child);
	child.once("exit", () => running.delete(child));
	const server = { child, out: "", err: "", exited: once(child, "close") };
	child.stderr.on("data", (data) => (server.err += data));
	await new Promise((resolve, reject) => {
		child.stdout.on("data", (data) => {
			server.out += data;
			resolve();
		});
		child.once("error", reject);
		child.once("close", (code) => reject(new Error(`exit ${code}: ${server.err}`)));
	});
	/** Waits for its end. Fails for another exit code (or signal) than `wanted`, and for what was not given back. */
	server.ended = async (wanted = 0) => {
		const [code, signal] = await server.exited;
		hasNoLeak(server.err);
		assert.equal(code ?? signal, wanted, server.err.slice(-2000));
	};
	/** Stops it as a supervisor would, and waits as `ended` does. */
	server.stop = (signal = "SIGTERM", wanted = signal === "SIGKILL" ? signal : 0) => {
		child.kill(signal);
		return server.ended(wanted);
	};
	/** Waits for a text in the log after the position `from`. Gives what was logged since that position. */
	server.logged = async (text, from = 0) => {
		while (!server.err.slice(from).includes(text)) {
			await Promise.race([once(child.stderr, "data"), server.exited.then(() => {
				throw new Error(`it ended without logging ${text}: ${server.err}`);
			})]);
		}
		return server.err.slice(from);
	};
	/** Calls `change` and waits for a text that is logged after that. Gives what was logged since. */
	server.logs = (text, change) => {
		const from = server.err.length;
		change();
		return server.logged(text, from);
	};
	return server;
}

/** Runs `body`, then `end`, also when `body` failed: then with the error of `body`. */
export async function during(body, end) {
	let result;
	try {
		result = await body();
	} catch (error) {
		await end().catch(() => {});
		throw error;
	}
	await end();
	return result;
}

/** Starts a server in a folder, and adds end(wanted): stops it, then calls `leave`, which removes the folder. */
async function inFolder(place, begin, leave = place.remove) {
	try {
		const server = await begin();
		const end = (wanted) => server.stop("SIGTERM", wanted).finally(leave);
		return Object.assign(server, { cwd: place.name, end, remove: leave });
	} catch (error) {
		leave();
		throw error;
	}
}

/** Where a test's folder has its app: state and settings are then in the folder itself. */
export const APP_FOLDER = "lua/app";

const OWN = { CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client" };

/** Writes an app of one script into a folder; the script's file. */
export function writeApp(place, script) {
	const file = path.join(place.name, APP_FOLDER, "init.lua");
	mkdirSync(path.dirname(file), { recursive: true });
	// The same again would be read anew by the servers that run.
	if (!existsSync(file) || readFileSync(file, "utf8") !== script) writeFileSync(file, script);
	return file;
}

/**
 * Serves an app of one script. Gives the server with its url, port, settings, folder (cwd) and the script's file.
 * end(wanted) stops it, and removes the folder unless it was given as `place`.
 */
export async function startApp(script, { args = [], env = {}, place: given, program } = {}) {
	const place = given ?? folder();
	const file = writeApp(place, script);
	const port = await freePort();
	const url = `http://localhost:${port}`;
	const settings = { ...OWN, LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: url, ...env };
	const begin = () => start(["serve", ...args], { cwd: place.name, env: settings, program });
	return Object.assign(await inFolder(place, begin, given ? () => {} : place.remove), { url, port, file, settings });
}

/** As startApp, for the time of `body(server)`. */
export async function withApp(script, options, body) {
	const app = await startApp(script, options);
	return during(() => body(app), () => app.end());
}

/** Serves an app of one script with `count` processes on one database, for the time of `body`. */
export async function withApps(script, count, env, body) {
	const place = folder();
	const file = writeApp(place, script);
	const ports = [];
	for (let i = 0; i < count; i++) ports.push(await freePort());
	const settings = (port) => ({ ...OWN, LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: `http://localhost:${ports[0]}`, ...env });
	const begin = (port) => start(["serve"], { cwd: place.name, env: settings(port) });
	const servers = [];
	await during(async () => {
		for (const port of ports) servers.push(await begin(port));
		await body({
			servers, file, cwd: place.name, settings: settings(ports[0]),
			urls: ports.map((port) => `http://localhost:${port}`),
			/** Stops a server and starts it again, with what `env` holds by then. */
			restart: async (index) => {
				await servers[index].stop();
				servers[index] = await begin(ports[index]);
			},
		});
	}, async () => {
		try {
			await Promise.all(servers.filter((one) => one.child.signalCode !== "SIGKILL").map((one) => one.stop()));
		} finally {
			place.remove();
		}
	});
}

/** Starts the sandbox. Gives the server with its origin and port; end() stops it and removes its folder. */
export async function startSandbox({ flags = [], env = {} } = {}) {
	const place = folder();
	const port = await freePort();
	const listen = `127.0.0.1:${port}`;
	return Object.assign(
		await inFolder(place, () => start(["sandbox", ...flags], { cwd: place.name, env: { SANDBOX_LISTEN: listen, ...env } })),
		{ origin: `http://${listen}`, port });
}

/**
 * Starts the demo. Gives the server with the origins `app` and `sandbox`. The option `app` is the folder of an app,
 * `host` the one of the app's PUBLIC_URL.
 */
export async function startDemo({ app, host = "localhost", env = {}, flags = [] } = {}) {
	const place = folder();
	const [appPort, sandboxPort] = [await freePort(), await freePort()];
	const origins = { app: `http://${host}:${appPort}`, sandbox: `http://127.0.0.1:${sandboxPort}` };
	const settings = {
		LISTEN: `127.0.0.1:${appPort}`,
		SANDBOX_LISTEN: `127.0.0.1:${sandboxPort}`,
		PUBLIC_URL: origins.app,
		...env,
	};
	const args = ["demo", ...(app ? [app] : []), ...flags];
	return Object.assign(await inFolder(place, () => start(args, { cwd: place.name, env: settings })), { ...origins, settings });
}

/** Walks from the app to the end of the callback; `decision` as on the consent page. */
export async function walk(demo, jar, { mount = "/auth/segment", headers = {}, ...choices } = {}) {
	const begun = await request(demo.app + mount, { jar });
	const callback = await consent(demo, await request(begun.location, { jar }), jar, choices);
	return { begun, callback, response: await request(callback, { jar, headers }) };
}

/** Copies the program and its Lua; `change` edits the copy of a script. The copy's binary. */
export function copyOfTheProgram(place, script, change) {
	const home = path.join(place.name, "copy"), copy = path.join(home, "build/release/partnerapp");
	mkdirSync(path.dirname(copy), { recursive: true });
	copyFileSync(binary, copy);
	cpSync(path.join(top, "lua"), path.join(home, "lua"), { recursive: true });
	const file = path.join(home, "lua", script), text = readFileSync(file, "utf8");
	assert.notEqual(change(text), text);
	writeFileSync(file, change(text));
	return copy;
}
