// Private addresses: a script reaches those only that HTTP_ALLOW names, by the origin that it names, also over connections
// that are kept.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { CALLER, allFrom, callFrom, startUpstream } from "./calls.mjs";
import { binary, folder, request, startApp, withApp } from "./harness.mjs";

const leads = {}; // of a path: where it leads
const redirecting = (socket, { path }) =>
	socket.write(`HTTP/1.1 302 Found\r\nLocation: ${leads[path]}\r\nContent-Length: 0\r\n\r\n`);

let named, numbered, other, server;

before(async () => {
	const deeds = { "/leads": redirecting, "/leads/back": redirecting };
	[named, numbered, other] = [await startUpstream({ ...deeds }), await startUpstream({ ...deeds }), await startUpstream({})];
	named.origin = `http://localhost:${named.port}`;
	server = await startApp(CALLER, { env: { HTTP_ALLOW: `${named.origin} ${numbered.origin}` } });
});

after(async () => {
	for (const one of [named, numbered, other]) one.close();
	await server.end();
});

const call = (url, options) => callFrom(server, url, options);

/** Has a kept connection to both, over which what follows might be sent. */
async function keep() {
	for (const one of [named, numbered]) assert.equal((await call(one.origin)).body, "hello");
}

/** The URLs are denied, and nothing arrives anywhere. */
async function areDenied(urls, options) {
	await keep();
	const before = [named, numbered, other].map((one) => one.seen.length), connections = other.connections();
	for (const url of urls) {
		const answer = await call(url, { connect_timeout: 2, ...options });
		assert.deepEqual([answer.code, answer.sent], ["denied", "no"], `${url}: ${JSON.stringify(answer)}`);
	}
	const answers = await allFrom(server, [named.origin, ...urls, numbered.origin].map((url) => ({ url })));
	assert.deepEqual(answers.map((one) => one.body ?? one.code), ["hello", ...urls.map(() => "denied"), "hello"]);
	assert.deepEqual([named, numbered, other].map((one) => one.seen.length), [before[0] + 1, before[1] + 1, before[2]]);
	assert.equal(other.connections(), connections, "no connection was made");
	assert.equal((await request(`${server.url}/healthz`)).status, 200);
}

test("SS-03 an address that is allowed by its number is not by a name, nor by another spelling of the address", async () => {
	const { port } = numbered;
	const hosts = ["localhost", "LOCALHOST", "app.localhost", "a.b.localhost", "127.0.0.2", "0.0.0.0", "0", "[::1]",
		"[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]"];
	await areDenied([...hosts.map((host) => `http://${host}:${port}/`), `https://127.0.0.1:${port}/`]);
});

test("SS-03 an address that is allowed by its name is not by its number, nor by another name", async () => {
	const { port } = named;
	const hosts = ["127.0.0.1", "2130706433", "0x7f.1", "app.localhost"];
	await areDenied([...hosts.map((host) => `http://${host}:${port}/`), `https://localhost:${port}/`]);
});

test("SS-03 another port of an allowed host is not allowed, with any method", async () => {
	const urls = [`http://127.0.0.1:${other.port}/`, `http://localhost:${other.port}/`, `http://app.localhost:${other.port}/`];
	await areDenied(urls);
	await areDenied(urls, { method: "POST", body: "x" });
});

test("SS-03 SS-04 a redirect leads to no other private origin, though a connection to its server is kept", async () => {
	for (const to of [`http://127.0.0.1:${other.port}/`, `http://localhost:${numbered.port}/`, `http://127.0.0.1:${named.port}/`,
		`http://app.localhost:${numbered.port}/`, "http://169.254.169.254/latest/meta-data/"]) {
		await keep();
		leads["/leads"] = to;
		const before = [named, numbered, other].map((one) => one.seen.length);
		assert.equal((await call(`${numbered.origin}/leads`, { redirects: 5, connect_timeout: 2 })).code, "denied", to);
		assert.deepEqual([named, numbered, other].map((one) => one.seen.length), [before[0], before[1] + 1, before[2]]);
	}
});

test("SS-03 SS-04 a redirect may lead from one allowed origin to another, and back to a private one it may not", async () => {
	leads["/leads"] = `${named.origin}/leads/back`;
	leads["/leads/back"] = `http://127.0.0.1:${other.port}/`;
	assert.equal((await call(`${numbered.origin}/leads`, { redirects: 5 })).code, "denied");
	leads["/leads/back"] = `${numbered.origin}/`;
	assert.equal((await call(`${numbered.origin}/leads`, { redirects: 5 })).body, "hello");
	assert.deepEqual(other.seen, []);
});

// A mount namespace with names of its own.
const apart = process.getuid() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
const canMount = spawnSync(apart[0], [apart[1], "mount", "--bind", "/etc/hosts", "/etc/hosts"]).status === 0;

const withoutMounts = { skip: !canMount && "no mount namespaces here" };

test("SS-03 a public name of a private address is judged by its address", withoutMounts, async () => {
	const place = folder(), hosts = path.join(place.name, "hosts");
	writeFileSync(hosts, ["127.0.0.1 allowed.example.com inside.example.com", "10.0.0.1 network.example.com",
		"169.254.169.254 metadata.example.com", ""].join("\n"));
	const { port } = other, allowed = `http://allowed.example.com:${port}`;
	const program = [...apart, "sh", "-c", `mount --bind '${hosts}' /etc/hosts && exec "$0" "$@"`, binary];
	try {
		await withApp(CALLER, { env: { HTTP_ALLOW: allowed }, program }, async (own) => {
			const arrived = other.seen.length;
			for (let round = 1; round <= 2; round++) {
				assert.equal((await callFrom(own, allowed)).body, "hello");
				for (const host of [`inside.example.com:${port}`, "network.example.com", "metadata.example.com"]) {
					assert.equal((await callFrom(own, `http://${host}/`, { connect_timeout: 2 })).code, "denied", host);
				}
				assert.equal(other.seen.length, arrived + round);
			}
		});
	} finally {
		place.remove();
	}
});
