// Upstreams whose TLS is wrong: nothing is sent to them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { authority } from "./authority.mjs";
import { CALLER, callFrom, closable, listen, page, readRequests } from "./calls.mjs";
import { folder, request, startApp } from "./harness.mjs";

/** A configuration of OpenSSL that allows what is old, so that only the program itself refuses it. */
function permissive() {
	const file = path.join(place.name, "openssl.cnf");
	writeFileSync(file, `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
`);
	return file;
}

// The beginning of what a server says first, a record of 122 bytes: the rest never comes.
const HALF_HELLO = Buffer.from("160303007a020000760303", "hex");

/** Of each upstream: the code of a call, options of its TLS or what it does with a connection. */
const wrong = {
	"of another authority": ["tls", (made) => made.other.issue()],
	"that has expired": ["tls", (made) => made.known.issue(undefined, -1)],
	"for another name": ["tls", (made) => made.known.issue(["DNS:upstream.example"])],
	"for a name below its own": ["tls", (made) => made.known.issue(["DNS:*.localhost"])],
	"that is the authority's own": ["tls", (made) => made.self],
	"with a name in its subject only": ["tls", (made) => made.known.issue(["email:localhost@example.com"])],
};

const broken = {
	"ends the connection at once": ["tls", (socket) => socket.end()],
	"resets the connection": ["tls", (socket) => socket.once("data", () => socket.resetAndDestroy())],
	"ends in the handshake": ["tls", (socket) => socket.once("data", () => socket.end(HALF_HELLO))],
	"stalls in the handshake": ["timeout", (socket) => socket.once("data", () => socket.write(HALF_HELLO))],
	"says nothing": ["timeout", () => {}],
	"speaks HTTP without TLS": ["tls", (socket) => socket.once("data", () => socket.end(page("hello")))],
};

let place, server;
const at = {}, upstreams = [];

/** A server of HTTP/1.1 over TLS: { origin, seen, protocols, close }. */
async function secure(options, host = "localhost") {
	const made = { seen: [], protocols: [] };
	const listening = tls.createServer(options, (socket) => {
		made.protocols.push([socket.getProtocol(), socket.alpnProtocol]);
		socket.on("error", () => {});
		readRequests(socket, (asked) => {
			made.seen.push(asked);
			socket.write(page("hello"));
		});
	});
	made.failed = once(listening, "tlsClientError").then(([problem]) => problem.code);
	upstreams.push(closable(listening));
	made.port = await listen(listening);
	made.origin = `https://${host}:${made.port}`;
	return made;
}

before(async () => {
	place = folder();
	const made = { known: authority(place.name, "known"), other: authority(place.name, "other") };
	const self = authority(place.name, "localhost");
	const { key, cert } = self.issue(["DNS:localhost"]);
	made.self = { key, cert };
	for (const [what, [, issue]] of Object.entries(wrong)) at[what] = await secure(issue(made));
	for (const [what, [, deed]] of Object.entries(broken)) {
		const listening = net.createServer((socket) => deed(socket.on("error", () => {})));
		upstreams.push(closable(listening));
		at[what] = { origin: `https://localhost:${await listen(listening)}`, seen: [] };
	}
	const good = made.known.issue();
	at.good = await secure(good);
	at.address = { origin: at.good.origin.replace("localhost", "127.0.0.1"), seen: at.good.seen };
	at["1.1 only"] = await secure({ ...good, minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" });
	at["1.2 only"] = await secure({ ...good, maxVersion: "TLSv1.2" });
	at["1.3 only"] = await secure({ ...good, minVersion: "TLSv1.3" });
	at["HTTP/1.1 only"] = await secure({ ...good, ALPNProtocols: ["http/1.1"] });
	at["for localhost only"] = await secure(made.known.issue(["DNS:localhost"]));
	at["for localhost only, by address"] = {
		origin: at["for localhost only"].origin.replace("localhost", "127.0.0.1"), seen: at["for localhost only"].seen,
	};
	const origins = Object.values(at).map((one) => one.origin);
	server = await startApp(CALLER, {
		env: { HTTP_ALLOW: origins.join(" "), CA_FILE: made.known.file, OPENSSL_CONF: permissive() },
	});
});

after(async () => {
	for (const one of upstreams) one.close();
	await server.end();
	place.remove();
});

const POST = { method: "POST", body: "x" };
const call = (what, options) => callFrom(server, at[what].origin, options);

async function isFine() {
	assert.equal((await request(`${server.url}/healthz`)).status, 200);
	assert.equal((await call("good")).body, "hello");
}

for (const [what, [code]] of Object.entries(wrong)) {
	test(`SS-01 a certificate ${what} is ${code}, and nothing is sent`, async () => {
		const answer = await call(what, POST);
		assert.deepEqual([answer.code, answer.sent], [code, "no"], JSON.stringify(answer));
		assert.deepEqual(at[what].seen, []);
		await isFine();
	});
}

for (const [what, [code]] of Object.entries(broken)) {
	test(`SS-01 SS-05 a server of TLS that ${what} is ${code}`, async () => {
		const answer = await call(what, { ...POST, ...(code === "timeout" && { connect_timeout: 0.5 }) });
		assert.deepEqual([answer.code, answer.sent], [code, "no"], JSON.stringify(answer));
		await isFine();
	});
}

test("SS-01 no option of a call leaves the checks out", async () => {
	assert.match((await call("of another authority", { verify: false })).raised, /unknown option 'verify'/);
});

test("SS-01 TLS 1.1 is refused although the certificate is good and OpenSSL allows it", async () => {
	assert.equal((await call("1.1 only", POST)).code, "tls");
	assert.equal(await at["1.1 only"].failed, "ERR_SSL_UNSUPPORTED_PROTOCOL");
	assert.deepEqual(at["1.1 only"].seen, []);
});

for (const [what, wanted] of [["1.2 only", ["TLSv1.2"]], ["1.3 only", ["TLSv1.3"]]]) {
	test(`SS-01 TLS ${what} is fine`, async () => {
		for (let i = 0; i < 3; i++) assert.equal((await call(what, POST)).body, "hello");
		assert.deepEqual(at[what].protocols.map(([protocol]) => protocol), wanted, "over one connection");
		assert.equal(at[what].seen.length, 3);
	});
}

test("a server without ALPN, and one that speaks HTTP/1.1 only, are asked with HTTP/1.1", async () => {
	for (const [what, chosen] of [["good", false], ["HTTP/1.1 only", "http/1.1"]]) {
		const before = at[what].seen.length;
		for (let i = 0; i < 3; i++) assert.equal((await call(what, POST)).body, "hello");
		assert.equal(at[what].seen.length - before, 3);
		assert.ok(at[what].protocols.every(([, alpn]) => alpn === chosen), JSON.stringify(at[what].protocols));
		assert.doesNotMatch(at[what].seen.at(-1).head, /^(upgrade|http2-settings):/im);
	}
});

test("SS-01 a certificate is good for its names and addresses only, also after a call that was fine", async () => {
	assert.equal((await call("address", POST)).body, "hello");
	assert.equal((await call("for localhost only", POST)).body, "hello");
	const { seen } = at["for localhost only"], before = seen.length;
	assert.equal((await call("for localhost only, by address", POST)).code, "tls");
	assert.equal(seen.length, before);
	assert.equal((await call("for localhost only", POST)).body, "hello");
});
