// Calls out behind a company's proxy, and with its own certificate authority.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { authority } from "./authority.mjs";
import { CALLER, callFrom } from "./calls.mjs";
import { folder, run, startApp, withApp } from "./harness.mjs";

let place, proxy, tls, trusted, proxyPort, tlsPort, app;
const asked = [];

const call = (url, options, to = app) => callFrom(to, url, options);

async function listen(server, host = "127.0.0.1") {
	server.listen(0, host);
	await once(server, "listening");
	return server.address().port;
}

before(async () => {
	place = folder();
	trusted = authority(place.name);
	tls = https.createServer(trusted.issue(["DNS:www.example.com", "DNS:localhost"]), (req, res) => {
		asked.push({ tunnelled: true, method: req.method, url: req.url, headers: req.headers });
		if (req.url === "/another-password") res.writeHead(407);
		res.end(req.url === "/away" ? "" : "tunnelled");
	});
	tlsPort = await listen(tls);
	proxy = http.createServer((req, res) => {
		asked.push({ method: req.method, url: req.url, headers: req.headers });
		if (req.url.endsWith("/leads")) res.writeHead(302, { location: "http://10.0.0.1/inside" });
		if (req.url.endsWith("/another-password")) res.writeHead(407, { "proxy-authenticate": "Basic" });
		res.end("through the proxy");
	});
	proxy.on("connect", (req, socket) => {
		asked.push({ method: req.method, url: req.url, headers: req.headers });
		if (req.url.startsWith("refused.")) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
		const through = net.connect(tlsPort, "127.0.0.1", () => {
			socket.write("HTTP/1.1 200 OK\r\n\r\n");
			through.pipe(socket).pipe(through);
		});
		for (const one of [socket, through]) one.on("error", () => {}).on("close", () => (through.destroy(), socket.destroy()));
	});
	proxyPort = await listen(proxy);
	app = await startApp(CALLER, {
		env: {
			OUTBOUND_PROXY: `http://worker:pass%20word-of-the-proxy@127.0.0.1:${proxyPort}`, CA_FILE: trusted.file, NO_PROXY: "direct.invalid,.off.invalid, 192.0.2.0/24",
			HTTP_ALLOW: "http://10.0.0.9 http://localhost:1", LOG_LEVEL: "debug",
		},
	});
});

beforeEach(() => void (asked.length = 0));

after(async () => {
	await app.end();
	for (const one of [proxy, tls]) {
		one.close();
		one.closeAllConnections();
	}
	place.remove();
});

test("TO-11 SS-09 calls to http go to the proxy, with its credentials and not with those of the environment", async () => {
	const answer = await call("http://name-of-the-proxy.invalid/path?a=1", { bearer: "token-for-the-origin" });
	assert.equal(answer.body, "through the proxy");
	assert.equal(asked[0].url, "http://name-of-the-proxy.invalid/path?a=1");
	assert.equal(asked[0].headers["proxy-authorization"], `Basic ${btoa("worker:pass word-of-the-proxy")}`);
	assert.equal(asked[0].headers.authorization, "Bearer token-for-the-origin");
});

test("TO-11 SS-04 calls to https go through a tunnel, in which the origin's credentials are", async () => {
	const answer = await call("https://www.example.com/path", { bearer: "token-for-the-origin" });
	assert.equal(answer.body, "tunnelled", JSON.stringify(answer));
	const [connect, inside] = asked;
	assert.deepEqual([connect.method, connect.url], ["CONNECT", "www.example.com:443"]);
	assert.ok(connect.headers["proxy-authorization"]);
	assert.equal(connect.headers.authorization, undefined);
	for (const one of asked) assert.match(one.headers["user-agent"], /^partnerapp\/[\d.]+$/);
	assert.equal(inside.headers.authorization, "Bearer token-for-the-origin");
	assert.equal(inside.headers["proxy-authorization"], undefined);
});

test("TO-11 a proxy that refuses a tunnel is connect, and the message names the proxy", async () => {
	const answer = await call("https://refused.invalid/");
	assert.equal(answer.code, "connect");
	assert.match(answer.error, /proxy.*refused\.invalid.*403/);
});

test("TO-11 SS-11 a proxy that wants another password is connect, and the message names the proxy", async () => {
	const answer = await call("http://name-of-the-proxy.invalid/another-password", { method: "POST", body: "x" });
	assert.deepEqual([answer.status, answer.code], [undefined, "connect"], JSON.stringify(answer));
	assert.match(answer.error, /proxy.*name-of-the-proxy\.invalid.*407/);
	assert.equal(asked.length, 1);
	const through = await call("https://www.example.com/another-password");
	assert.equal(through.status, 407, "that of the origin is an answer");
});

for (const host of ["localhost.", "127.0.0.1.", "10.0.0.9.", "www.example.com.", "www.example.com.."]) {
	test(`SS-03 SS-08 SS-09 a host that ends with a dot is refused: ${host}`, async () => {
		for (const scheme of ["http", "https"]) assert.equal((await call(`${scheme}://${host}/`)).code, "usage");
		assert.deepEqual(asked, []);
	});
}

for (const url of ["http://10.0.0.1/", "https://10.0.0.1/", "http://169.254.169.254/", "http://[fd00::1]/", "http://2130706434.invalid@10.0.0.1/"]) {
	test(`SS-03 SS-09 the proxy is not asked for ${url}`, async () => {
		assert.match((await call(url)).code, url.includes("@") ? /usage/ : /denied/);
		assert.deepEqual(asked, []);
	});
}

test("SS-03 SS-09 an address that HTTP_ALLOW names is asked for at the proxy", async () => {
	assert.equal((await call("http://10.0.0.9/")).body, "through the proxy");
	assert.equal(asked[0].url, "http://10.0.0.9/");
});

test("SS-03 SS-09 a redirect of the proxy's answer is judged too", async () => {
	assert.equal((await call("http://name-of-the-proxy.invalid/leads", { redirects: 1 })).code, "denied");
	assert.equal(asked.length, 1);
});

test("SS-03 the proxy's address is for proxying only", async () => {
	assert.equal((await call("http://name-of-the-proxy.invalid/")).body, "through the proxy");
	assert.equal((await call(`http://127.0.0.1:${proxyPort}/`)).code, "denied");
	assert.equal(asked.length, 1);
});

test("SS-09 loopback and the hosts of NO_PROXY are called without the proxy", async () => {
	assert.equal((await call("http://localhost:1/")).code, "connect");
	assert.equal((await call("http://direct.invalid/", { timeout: 10 })).code, "dns");
	assert.equal((await call("http://one.off.invalid/", { timeout: 10 })).code, "dns");
	assert.equal((await call("http://off.invalid/", { timeout: 10 })).code, "dns");
	assert.equal((await call("http://192.0.2.1/", { timeout: 1 })).code, "denied"); // an address for documentation
	assert.deepEqual(asked, []);
	assert.equal((await call("http://notoff.invalid/")).body, "through the proxy");
});

test("LG-01 the proxy's password is not in the log", () => {
	assert.doesNotMatch(app.err, /word-of-the-proxy/);
});

test("TO-11 the usual variables are read, in lower case too, each for its scheme", async () => {
	const env = { https_proxy: `127.0.0.1:${proxyPort}`, SSL_CERT_FILE: trusted.file };
	await withApp(CALLER, { env }, async (other) => {
		assert.equal((await call("https://www.example.com/", {}, other)).body, "tunnelled");
		assert.equal((await call("http://name-of-the-proxy.invalid/", { timeout: 10 }, other)).code, "dns");
	});
});

test("SS-01 TO-11 CA_FILE replaces the system's certificates", async () => {
	const origin = `https://localhost:${tlsPort}`;
	const ask = async (env) => {
		let answer;
		await withApp(CALLER, { env: { HTTP_ALLOW: origin, ...env } }, async (other) => void (answer = await call(origin, {}, other)));
		return answer;
	};
	assert.equal((await ask({ CA_FILE: trusted.file })).body, "tunnelled");
	assert.equal((await ask({})).code, "tls");
	assert.equal((await ask({ CA_FILE: "/etc/ssl/certs/ca-certificates.crt" })).code, "tls");
});

test("OP-05 a wrong CA_FILE or proxy stops the start with a message, and config shows no password", async () => {
	const file = (name, text) => (writeFileSync(path.join(place.name, name), text), name);
	mkdirSync(path.join(place.name, "folder"));
	const pem = readFileSync(trusted.file, "latin1");
	const settings = { CLIENT_ID: "a", CLIENT_SECRET: "secret-of-the-client" };
	for (const [env, message] of [
		[{ CA_FILE: "missing.pem" }, /^partnerapp: CA_FILE \(environment\): missing\.pem: No such file or directory$/m],
		[{ SSL_CERT_FILE: "missing.pem" }, /^partnerapp: CA_FILE \(SSL_CERT_FILE\): missing\.pem: No such file/m],
		[{ CA_FILE: "folder" }, /^partnerapp: CA_FILE \(environment\): folder: Is a directory$/m],
		[{ CA_FILE: file("empty.pem", "") }, /^partnerapp: CA_FILE .*empty\.pem: it contains no certificate$/m],
		[{ CA_FILE: file("key-only.pem", trusted.issue().key) }, /it contains no certificate$/m],
		[{ CA_FILE: file("broken.pem", pem.replace(/\n.{20}/, "\n!!!!")) }, /broken\.pem: it contains a certificate that cannot be read$/m],
		[{ OUTBOUND_PROXY: "socks5://127.0.0.1:1" }, /^partnerapp: OUTBOUND_PROXY \(environment\): a proxy must be http:/m],
		[{ https_proxy: "http://proxy:port" }, /^partnerapp: HTTPS_PROXY \(https_proxy\): .*not a valid/m],
		[{ HTTP_PROXY: "http://proxy/path" }, /^partnerapp: HTTP_PROXY \(environment\): must be scheme, host and port only/m],
		[{ NO_PROXY: "10.0.0.0/99" }, /^partnerapp: NO_PROXY \(environment\): .*10\.0\.0\.0\/99/m],
	]) {
		const { code, err } = await run(["serve"], { cwd: place.name, env: { ...settings, ...env } });
		assert.equal(code, 2, err);
		assert.match(err, message);
	}
	const env = { OUTBOUND_PROXY: "http://worker:secret-word@proxy.example", CA_FILE: trusted.file };
	const shown = await run(["config"], { cwd: place.name, env });
	assert.equal(shown.code, 0, shown.err);
	assert.match(shown.out, /^OUTBOUND_PROXY +http:\/\/worker:\*\*\*@proxy\.example:80 +environment /m);
	assert.match(shown.out, /^CA_FILE +\S+authority\.pem +environment /m);
	assert.doesNotMatch(shown.out, /secret-word/);
	const wrong = await run(["config"], { cwd: place.name, env: { OUTBOUND_PROXY: "http://worker:secret-word@proxy.example/path" } });
	assert.equal(wrong.code, 2);
	assert.doesNotMatch(wrong.out + wrong.err, /secret-word/);
});
