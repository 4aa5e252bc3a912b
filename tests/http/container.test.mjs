// The program as a container runs it: PID 1, all addresses, a read-only root, a user without a name, no home, no terminal,
// no standard input. Made of namespaces, which need root or a kernel that lets users make them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { binary, folder, freePort, Jar, raw, request, run, start, startSandbox, until, walk, writeApp } from "./harness.mjs";

const USER = 12345;

/** Makes the rest of the root read-only below `data`, which is empty memory of the user's. Then stands in `cwd`. */
const AS_PID_1 = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-ec",
	`mount --make-rprivate /
	mount -t tmpfs -o mode=0700,uid=${USER},gid=${USER} data "$DATA"
	mount -o remount,bind,ro /
	cd "$STANDS"
	exec setpriv --reuid ${USER} --regid ${USER} --clear-groups --bounding-set=-all --no-new-privs \\
		env -u HOME -u PWD -u OLDPWD -u DATA -u STANDS "$@" <&-`, "sh"];

const ALLOWED = (() => {
	try {
		execFileSync("unshare", ["--mount", "--pid", "--fork", "--mount-proc", "sh", "-ec",
			`mount --make-rprivate / && mount -o remount,bind,ro / && setpriv --reuid ${USER} test -x "${binary}"`], { stdio: "pipe" });
		return {};
	} catch (error) {
		return { skip: `no namespaces, or the program cannot be read by others: ${error.stderr}` };
	}
})();

const SCRIPT = `local app = require("partnerapp").new {}
app:get("/hello", function() return require("partnerapp.reply").text("Hello") end)
return app
`;
const KEY = "ab".repeat(32);

/**
 * A server command as PID 1: `begin` starts it, `fails` runs it to its end. It stands in DATA, the only folder that can
 * be written, and serves the app that comes with the program; with `image` it serves an app in a folder that cannot be
 * written, and stands there. DATA in a setting is that folder's path.
 */
async function contain(t, command, { env = {}, image = false } = {}) {
	const place = folder(), data = path.join(place.name, "data"), app = path.join(place.name, "image");
	t.after(place.remove);
	mkdirSync(data);
	mkdirSync(app);
	writeApp({ name: app }, SCRIPT);
	chmodSync(place.name, 0o755);
	const [port, sandboxPort] = [await freePort(), await freePort()];
	const settings = {
		LISTEN: `0.0.0.0:${port}`, SANDBOX_LISTEN: `0.0.0.0:${sandboxPort}`, PUBLIC_URL: `http://localhost:${port}`,
		ADMIN_PASSWORD: "administrator", CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client",
		DATA: data, STANDS: image ? app : data, WORKERS: "16",
	};
	if (command === "sandbox") delete settings.LISTEN;
	for (const [name, value] of Object.entries(env)) settings[name] = value.replace("DATA", data);
	const args = image ? [command, path.join(app, "lua/app")] : [command];
	const options = { cwd: place.name, env: settings };
	return {
		begin: async () => {
			const server = await start(args, { ...options, program: [...AS_PID_1, binary] });
			const { pid } = server.child;
			const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
			return Object.assign(server, { child_pid: child, port, sandboxPort });
		},
		fails: () => run([...AS_PID_1.slice(1), binary, ...args], { ...options, program: AS_PID_1[0] }),
	};
}

const status = (pid, name) => readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`^${name}:\\s+(.*)$`, "m"))[1];

/** The processes inside that have ended and that nothing has taken note of. */
function zombies(server) {
	const { child_pid } = server;
	return readFileSync(`/proc/${child_pid}/task/${child_pid}/children`, "utf8").trim().split(" ").filter((pid) => pid && /^Z/.test(status(pid, "State")));
}

const DATABASE = { DATABASE_URL: "sqlite:DATA/app.db", SECRET_KEY: KEY };
const MEMORY = { DATABASE_URL: "sqlite::memory:", SECRET_KEY: KEY };

/** @type {{ what: string, command: string, env?: Record<string, string>, image?: boolean, at?: string, host?: string }[]} */
const RUNS = [
	{ what: "demo in a folder of its own", command: "demo" },
	{ what: "serve in a folder of its own", command: "serve" },
	{ what: "serve of an app in a read-only image, its database in a volume", command: "serve", image: true, env: DATABASE, at: "/hello" },
	{ what: "serve in production, in a read-only image", command: "serve", image: true, at: "/hello", host: "app.example.com",
		env: { ...DATABASE, PUBLIC_URL: "https://app.example.com" } },
	{ what: "demo of an app in a read-only image, its database in a volume", command: "demo", image: true, env: DATABASE, at: "/hello" },
	{ what: "demo in a read-only image that keeps nothing", command: "demo", image: true, env: MEMORY, at: "/hello" },
	{ what: "the sandbox", command: "sandbox" },
];

describe("OP-02 OP-07 as PID 1 with a read-only root, a user without a name, no home, no standard input", { concurrency: 2, ...ALLOWED }, () => {
	for (const { what, command, env, image, at = "/healthz", host } of RUNS) {
		test(what, async (t) => {
			const server = await (await contain(t, command, { env, image })).begin();
			assert.match(status(server.child_pid, "NSpid"), /\s1$/);
			assert.match(status(server.child_pid, "Uid"), new RegExp(`^${USER}\\b`));
			if (command !== "sandbox") {
				const answer = await request(`http://127.0.0.1:${server.port}${at}`, { headers: host ? { host } : { host: `localhost:${server.port}` } });
				assert.equal(answer.status, 200, answer.text);
			}
			if (command !== "serve") assert.equal((await request(`http://127.0.0.1:${server.sandboxPort}/`)).status, 200);
			process.kill(server.child_pid, "SIGTERM");
			await server.ended(0);
		});
	}

	test("what other processes leave behind is taken note of", async (t) => {
		const server = await (await contain(t, "serve")).begin();
		t.after(() => {
			process.kill(server.child_pid, "SIGTERM");
			return server.ended(0);
		});
		// As `docker exec` and health checks do: a process inside whose parent ends before it does.
		execFileSync("nsenter", ["-t", String(server.child_pid), "-p", "sh", "-c", "(sleep 0.2 &) ; true"]);
		const children = () => readFileSync(`/proc/${server.child_pid}/task/${server.child_pid}/children`, "utf8").trim();
		await until(async () => children(), (text) => text === "" || zombies(server).length > 0);
		assert.deepEqual(zombies(server), []);
	});

	/** @type {[what: string, command: string, says: RegExp][]} */
	const REFUSED = [
		["demo in a folder that cannot be written", "demo", /read-only|Read-only/i],
		["serve in a folder that cannot be written", "serve", /read-only|Read-only/i],
	];
	for (const [what, command, says] of REFUSED) {
		test(`${what} says what to set`, async (t) => {
			const { code, err } = await (await contain(t, command, { image: true })).fails();
			assert.ok(code === 1 || code === 2, `${code} ${err}`);
			assert.match(err, says);
			assert.match(err, /DATABASE_URL=sqlite:/);
			assert.match(err, /SECRET_KEY/);
		});
	}
});

/** An address of this machine that is not loopback: what comes from it is from another machine, as the sandbox sees it. */
const ADDRESS = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === "IPv4" && !internal)?.address;
const ELSEWHERE = ADDRESS ? {} : { skip: "this machine has no address but loopback" };
const TOKEN = "token-of-the-sandbox";

/** A call of a program on another machine: { status, body }. */
async function elsewhere(port, host, at, { authorization, body = "" } = {}) {
	const lines = [`${body ? "POST" : "GET"} ${at} HTTP/1.1`, `Host: ${host}`, "Connection: close", "Content-Type: application/json", `Content-Length: ${body.length}`];
	if (authorization) lines.push(`Authorization: ${authorization}`);
	const answer = await raw(port, `${lines.join("\r\n")}\r\n\r\n${body}`, { host: ADDRESS });
	return { status: Number(answer.split(" ")[1]), body: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
}

describe("OP-07 a sandbox that other machines reach", { concurrency: 2, ...ELSEWHERE }, () => {
	const open = async (t, env = {}) => {
		const port = await freePort();
		const sandbox = await startSandbox({ env: { SANDBOX_LISTEN: `0.0.0.0:${port}`, ...env } });
		t.after(() => sandbox.end());
		return Object.assign(sandbox, { port });
	};

	test("OP-07 HT-01 it warns, and answers to names that nobody can own", async (t) => {
		const sandbox = await open(t);
		assert.match(sandbox.err, /warning: SANDBOX_LISTEN: other machines can reach the sandbox/);
		for (const host of ["sandbox:8889", ADDRESS, "host.docker.internal:8889", "localhost"]) assert.equal((await elsewhere(sandbox.port, host, "/")).status, 200, host);
		for (const host of ["evil.example", "sandbox.evil.example:8889", "sandbox.", "127.0.0.1.nip.io"]) assert.equal((await elsewhere(sandbox.port, host, "/")).status, 421, host);
	});

	test("OP-07 without SANDBOX_TOKEN control calls are for its own machine", async (t) => {
		const sandbox = await open(t);
		const refused = await elsewhere(sandbox.port, "sandbox", "/_sandbox/requests", { authorization: "Bearer x" });
		assert.equal(refused.status, 403);
		assert.match(refused.body, /SANDBOX_TOKEN/);
		assert.equal((await request(`http://127.0.0.1:${sandbox.port}/_sandbox/requests`)).status, 200);
	});

	test("OP-07 an app in one container installs at a sandbox in another", ALLOWED, async (t) => {
		const sandbox = await open(t, { SANDBOX_TOKEN: TOKEN });
		const place = folder(), port = await freePort(), url = `http://localhost:${port}`, segment = `http://sandbox:${sandbox.port}`;
		t.after(place.remove);
		const wanted = { body: JSON.stringify({ scope: "destination/google-analytics", redirect_uris: [`${url}/auth/segment/callback`] }) };
		assert.equal((await elsewhere(sandbox.port, "sandbox", "/_sandbox/clients", wanted)).status, 401);
		const made = await elsewhere(sandbox.port, "sandbox", "/_sandbox/clients", { ...wanted, authorization: `Bearer ${TOKEN}` });
		assert.equal(made.status, 200, made.body);
		const client = JSON.parse(made.body);
		writeFileSync(path.join(place.name, "hosts"), `127.0.0.1 localhost\n${ADDRESS} sandbox\n`);
		const env = {
			LISTEN: `0.0.0.0:${port}`, PUBLIC_URL: url, ADMIN_PASSWORD: "administrator", SEGMENT_ID_URL: segment, SEGMENT_API_URL: segment,
			CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret, HOSTS: path.join(place.name, "hosts"),
		};
		const app = await start(["serve"], {
			cwd: place.name, env, program: ["unshare", "--mount", "sh", "-ec", 'mount --bind "$HOSTS" /etc/hosts && exec "$@"', "sh", binary],
		});
		t.after(() => app.stop());
		const { begun, response } = await walk({ app: url, sandbox: segment }, new Jar());
		assert.ok(begun.location.startsWith(`${segment}/oauth2/auth?`));
		assert.match(response.location ?? response.text, /\/installs\/[\w-]+$/);
		assert.doesNotMatch(sandbox.err + app.err, new RegExp(TOKEN));
	});
});
