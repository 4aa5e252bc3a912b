// Attacks through a company's proxy, and proxies that fail: what a script may reach is the same as without one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import tls from "node:tls";
import { authority } from "./authority.mjs";
import { CALLER, allFrom, callFrom, closable, listen, page, readRequests, startUpstream } from "./calls.mjs";
import { binary, folder, request, startApp, withApp } from "./harness.mjs";

const PASSWORD = "password-of-the-proxy";
const PUBLIC = "9.9.9.9"; // the proxy answers for it, so that nothing is called there

const plain = (status) => (req, res) => res.writeHead(status, { "content-type": "text/plain" }).end(`proxy says ${status}`);
/** By path of a URL: what the proxy does with a request that is not to be tunnelled. */
const forwarding = {
	"/502": plain(502),
	"/407": (req, res) => res.writeHead(407, { "proxy-authenticate": "Basic realm=x" }).end(),
	"/close": (req) => req.socket.destroy(),
	"/stall": () => {},
	"/leads-inside": (req, res) => res.writeHead(302, { location: "http://169.254.169.254/" }).end(),
	"/leads-to-proxy": (req, res) => res.writeHead(302, { location: `http://127.0.0.1:${proxy.port}/` }).end(),
	"/leads-to-network": (req, res) => res.writeHead(302, { location: "http://network.example.com/" }).end(),
};

/** The code and the message of a call through a tunnel, and how the proxy answers CONNECT. */
const tunnelling = {
	"wants another password": ["connect", /proxy.*407/, (socket) =>
		socket.write("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")],
	"cannot connect": ["connect", /proxy.*502/, (socket) =>
		socket.write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")],
	"redirects": ["connect", /proxy.*302/, (socket) =>
		socket.write("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")],
	"closes": ["connect", /proxy/i, (socket) => socket.destroy()],
	"resets the connection": ["connect", /proxy/i, (socket) => socket.resetAndDestroy()],
	"speaks no HTTP": ["connect", /proxy/i, (socket) => socket.end("this is not HTTP\r\n\r\n")],
	"stalls": ["timeout", /./, () => {}],
	"stalls in its head": ["timeout", /./, (socket) => socket.write("HTTP/1.1 200 OK\r\nX-Head: 1\r\n")],
	"closes the tunnel": ["tls", /./, (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")],
	"answers in the place of the target": ["tls", /./, (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${page("not TLS")}`)],
};
const FIRST_PORT = 1001; // of the targets that each of them stands for
const [tunnelPort, tunnelAnswer] = [
	(what) => FIRST_PORT + Object.keys(tunnelling).indexOf(what),
	(port) => Object.values(tunnelling)[port - FIRST_PORT]?.[2],
];

let place, made, proxy, direct, inside, server;

/** A proxy that remembers what it heard, and leads all tunnels to one server of TLS. */
async function startProxy(target) {
	const heard = [], connections = { count: 0 };
	const listening = http.createServer((req, res) => {
		heard.push({ method: req.method, url: req.url, headers: req.headers });
		const { pathname } = new URL(req.url, "http://none.invalid");
		if (forwarding[pathname]) forwarding[pathname](req, res);
		else res.end("through the proxy");
	});
	const { close } = closable(listening);
	listening.on("connection", () => connections.count++);
	listening.on("connect", (req, socket) => {
		heard.push({ method: req.method, url: req.url, headers: req.headers });
		socket.on("error", () => {});
		const answer = tunnelAnswer(+req.url.split(":").at(-1));
		if (answer) return answer(socket);
		const through = net.connect(target.port, "127.0.0.1", () => {
			socket.write("HTTP/1.1 200 OK\r\n\r\n");
			through.pipe(socket).pipe(through);
		});
		through.on("error", () => socket.destroy()).on("close", () => socket.destroy());
		socket.on("close", () => through.destroy());
	});
	return { heard, connections, port: await listen(listening), close };
}

/** What proxied calls over TLS reach in the end. */
async function startInside(certificate) {
	const seen = [], listening = tls.createServer(certificate, (socket) => {
		socket.on("error", () => {});
		readRequests(socket, (asked) => {
			seen.push(asked);
			socket.write(page("inside the tunnel"));
		});
	});
	const { close } = closable(listening);
	return { seen, port: await listen(listening), close };
}

before(async () => {
	place = folder();
	made = authority(place.name);
	inside = await startInside(made.issue([`IP:${PUBLIC}`]));
	proxy = await startProxy(inside);
	direct = await startUpstream({});
	server = await startApp(CALLER, {
		env: {
			OUTBOUND_PROXY: `http://worker:${PASSWORD}@127.0.0.1:${proxy.port}`, CA_FILE: made.file, LOG_LEVEL: "debug",
			HTTP_ALLOW: `${direct.origin} http://10.1.2.3 http://192.0.2.1:8080 http://192.0.2.9`, NO_PROXY: "192.0.2.1, .example.net",
		},
	});
});

beforeEach(() => void (proxy.heard.length = 0));

after(async () => {
	for (const one of [proxy, direct, inside]) one.close();
	await server.end();
	place.remove();
});

const POST = { method: "POST", body: "x" };
const call = (url, options) => callFrom(server, url, { connect_timeout: 3, ...options });
const urls = () => proxy.heard.map((one) => one.url);

async function isFine() {
	assert.equal((await request(`${server.url}/healthz`)).status, 200);
	assert.equal((await call(`http://${PUBLIC}/fine`)).body, "through the proxy");
}

test("SS-03 SS-09 TO-11 the proxy does not hear of a private target, though a connection to it is kept", async () => {
	const targets = ["10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "127.0.0.1",
		"127.9.9.9", "localhost", "app.localhost", "[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]",
		"[64:ff9b::10.0.0.1]", "167772161", "0xa.1"];
	for (const scheme of ["http", "https"]) {
		await isFine();
		proxy.heard.length = 0;
		for (const target of targets) {
			for (const options of [{}, POST]) {
				const answer = await call(`${scheme}://${target}/`, options);
				assert.deepEqual([answer.code, answer.sent], ["denied", "no"], `${scheme}://${target}: ${JSON.stringify(answer)}`);
			}
		}
		assert.deepEqual(proxy.heard, []);
	}
	const list = [`http://${PUBLIC}/`, "http://10.0.0.1/", `https://${PUBLIC}/`, "https://10.0.0.1/"];
	const mixed = await allFrom(server, list.map((url) => ({ url })));
	assert.deepEqual(mixed.map((one) => one.body ?? one.code), ["through the proxy", "denied", "inside the tunnel", "denied"]);
	assert.deepEqual(urls().sort(), [`${PUBLIC}:443`, `http://${PUBLIC}/`]);
});

test("SS-03 SS-09 a host that ends with a dot is not asked for, for a proxy may leave the dot out", async () => {
	const hosts = ["localhost.", "app.localhost.", "127.0.0.1.", "10.0.0.1.", "169.254.169.254.", "192.0.2.9.",
		"127.0.0.1%2e", `${PUBLIC}.`, "127.0.0.1.."];
	for (const scheme of ["http", "https"]) {
		for (const host of hosts) {
			const answer = await call(`${scheme}://${host}/`);
			assert.match(answer.code, /^(denied|usage)$/, `${scheme}://${host}: ${JSON.stringify(answer)}`);
			assert.equal(answer.sent, "no");
		}
	}
	assert.deepEqual(proxy.heard, []);
});

test("SS-03 SS-09 the proxy's own address is for proxying only, though a connection to it is kept", async () => {
	await isFine();
	proxy.heard.length = 0;
	for (const host of ["127.0.0.1", "localhost", "app.localhost", "[::ffff:127.0.0.1]"]) {
		for (const scheme of ["http", "https"]) {
			assert.equal((await call(`${scheme}://${host}:${proxy.port}/`)).code, "denied", host);
		}
	}
	assert.deepEqual(proxy.heard, []);
});

test("SS-03 SS-04 SS-09 a redirect through the proxy leads neither inside nor to the proxy", async () => {
	for (const where of ["/leads-inside", "/leads-to-proxy"]) {
		proxy.heard.length = 0;
		assert.equal((await call(`http://${PUBLIC}${where}`, { redirects: 5 })).code, "denied", where);
		assert.deepEqual(urls(), [`http://${PUBLIC}${where}`]);
	}
});

test("SS-09 TO-11 loopback never goes through the proxy, and is as private as before", async () => {
	for (let i = 0; i < 2; i++) {
		assert.equal((await call(`${direct.origin}/`)).body, "hello");
		assert.doesNotMatch(direct.seen.at(-1).head, /proxy/i);
		assert.equal((await call(`http://localhost:${direct.port}/`)).code, "denied");
	}
	assert.deepEqual(proxy.heard, []);
});

test("SS-09 TO-11 what HTTP_ALLOW names goes through the proxy, and what NO_PROXY names does not", async () => {
	assert.equal((await call("http://10.1.2.3/")).body, "through the proxy");
	assert.equal((await call("http://192.0.2.9/")).body, "through the proxy");
	assert.deepEqual(urls(), ["http://10.1.2.3/", "http://192.0.2.9/"]);
	// An address for documentation, to which no network leads.
	assert.match((await call("http://192.0.2.1:8080/", { connect_timeout: 0.3 })).code, /^(connect|timeout)$/);
	assert.equal((await call("http://10.1.2.3:81/")).code, "denied");
	assert.equal(proxy.heard.length, 2);
});

test("SS-04 SS-09 TO-11 the password goes to the proxy only, and the call's credentials into the tunnel only", async () => {
	const basic = `Basic ${Buffer.from(`worker:${PASSWORD}`).toString("base64")}`;
	const secrets = { bearer: "token-of-the-call", headers: { "x-secret": "header-of-the-call" } };
	for (const options of [secrets, { ...secrets, ...POST }]) {
		proxy.heard.length = 0;
		assert.equal((await call(`https://${PUBLIC}/`, options)).body, "inside the tunnel");
		for (const one of proxy.heard) { // none when the tunnel was kept
			assert.equal(one.method, "CONNECT");
			assert.equal(one.headers["proxy-authorization"], basic);
			assert.doesNotMatch(JSON.stringify(one.headers), /of-the-call/);
		}
		for (const secret of [/^authorization: Bearer token-of-the-call$/im, /^x-secret: header-of-the-call$/im]) {
			assert.match(inside.seen.at(-1).head, secret);
		}
		assert.doesNotMatch(inside.seen.at(-1).head, /proxy-/i);
	}
	assert.equal((await call(`${direct.origin}/`, secrets)).body, "hello");
	assert.doesNotMatch(direct.seen.at(-1).head, /proxy-/i);
	assert.equal((await call(`http://${PUBLIC}/`, { headers: { "proxy-authorization": "Basic eDp5" } })).code, "usage");
	assert.doesNotMatch(server.err, new RegExp(`${PASSWORD}|${basic.slice(6)}`));
});

test("SS-11 TO-11 a kept tunnel and a kept connection to the proxy are used on, and a POST comes once", async () => {
	await isFine();
	const { count } = proxy.connections, before = inside.seen.length;
	proxy.heard.length = 0;
	for (let i = 0; i < 3; i++) assert.equal((await call(`http://${PUBLIC}/`, POST)).body, "through the proxy");
	assert.equal(proxy.connections.count, count);
	assert.equal(proxy.heard.length, 3);
	for (let i = 0; i < 3; i++) assert.equal((await call(`https://${PUBLIC}/`, POST)).body, "inside the tunnel");
	assert.equal(inside.seen.length - before, 3);
	assert.ok(proxy.heard.filter((one) => one.method === "CONNECT").length <= 1);
});

for (const [what, [code, message]] of Object.entries(tunnelling)) {
	test(`TO-11 a proxy that ${what} when it is asked for a tunnel is ${code}, and nothing is sent`, async () => {
		const port = tunnelPort(what);
		const before = inside.seen.length;
		const answer = await call(`https://${PUBLIC}:${port}/`, { ...POST, timeout: code === "timeout" ? 1 : 30 });
		assert.deepEqual([answer.code, answer.sent], [code, "no"], JSON.stringify(answer));
		assert.match(answer.error, message);
		assert.doesNotMatch(answer.error, new RegExp(PASSWORD));
		assert.ok(urls().includes(`${PUBLIC}:${port}`));
		assert.equal(inside.seen.length, before);
		await isFine();
	});
}

test("SS-11 TO-11 what a proxy does to a call without a tunnel is what comes of it, and a POST comes once", async () => {
	assert.equal((await call(`http://${PUBLIC}/502`, POST)).status, 502);
	assert.equal((await call(`http://${PUBLIC}/close`, POST)).code, "bad_response");
	assert.equal((await call(`http://${PUBLIC}/stall`, { ...POST, timeout: 1 })).code, "timeout");
	for (const where of ["/502", "/close", "/stall"]) assert.equal(urls().filter((url) => url.endsWith(where)).length, 1, where);
	await isFine();
});

test("TO-11 a proxy that wants another password is an error that names it, also without a tunnel", async () => {
	for (const options of [{}, POST]) {
		const answer = await call(`http://${PUBLIC}/407`, options);
		assert.equal(answer.code, "connect", JSON.stringify(answer));
		assert.match(answer.error, /proxy.*407/);
		assert.doesNotMatch(answer.error, new RegExp(PASSWORD));
	}
});

test("TO-11 a proxy that is not there is connect, and the server goes on", async () => {
	const gone = await startUpstream({});
	gone.close();
	const env = { OUTBOUND_PROXY: gone.origin, CA_FILE: made.file, HTTP_ALLOW: direct.origin };
	await withApp(CALLER, { env }, async (own) => {
		for (const scheme of ["http", "https"]) {
			const answer = await callFrom(own, `${scheme}://${PUBLIC}/`);
			assert.equal(answer.code, "connect", JSON.stringify(answer));
		}
		assert.equal((await callFrom(own, direct.origin)).body, "hello");
	});
});

// A mount namespace with names of its own.
const apart = process.getuid() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
const canMount = spawnSync(apart[0], [apart[1], "mount", "--bind", "/etc/hosts", "/etc/hosts"]).status === 0;

const withoutMounts = { skip: !canMount && "no mount namespaces here" };

test("SS-03 SS-09 a name with a private address is refused before the proxy hears of it", withoutMounts, async () => {
	const hosts = path.join(place.name, "hosts");
	writeFileSync(hosts, [`${PUBLIC} outside.example.com`, "127.0.0.1 inside.example.com", "10.0.0.1 network.example.com",
		`${PUBLIC} both.example.com`, "10.0.0.1 both.example.com", ""].join("\n"));
	const program = [...apart, "sh", "-c", `mount --bind '${hosts}' /etc/hosts && exec "$0" "$@"`, binary];
	const env = { OUTBOUND_PROXY: `http://127.0.0.1:${proxy.port}`, CA_FILE: made.file };
	await withApp(CALLER, { env, program }, async (own) => {
		for (let round = 0; round < 2; round++) {
			assert.equal((await callFrom(own, "http://outside.example.com/")).body, "through the proxy");
			for (const name of ["inside", "network", "both"]) {
				for (const scheme of ["http", "https"]) {
					assert.equal((await callFrom(own, `${scheme}://${name}.example.com/`)).code, "denied", `${scheme}, ${name}`);
				}
			}
			assert.equal((await callFrom(own, "http://outside.example.com/leads-to-network", { redirects: 1 })).code, "denied");
		}
		assert.deepEqual(new Set(urls()), new Set(["http://outside.example.com/", "http://outside.example.com/leads-to-network"]));
	});
});
