// HT-05: what is answered under a name that is not PUBLIC_URL's: probes, and a refusal that says what to set.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { raw, request, startApp, startSandbox } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function(req) return reply.text("Hello, world\\n") end)
app:get("/readyz2", function(req) return reply.text("no probe") end)
return app
`;

// How orchestrators and load balancers ask: [what, the line after the path, headers].
const PROBERS = [
	["Kubernetes, by the pod's address", "HTTP/1.1", "Host: 10.244.1.7:8888", "User-Agent: kube-probe/1.31", "Accept: */*", "Connection: close"],
	["Kubernetes, by an IPv6 address", "HTTP/1.1", "Host: [fd00:10:244::7]:8888", "User-Agent: kube-probe/1.31", "Accept: */*"],
	["an AWS load balancer", "HTTP/1.1", "Host: 172.31.5.9:8888", "User-Agent: ELB-HealthChecker/2.0", "Accept-Encoding: gzip, compressed", "Connection: close"],
	["Google Cloud", "HTTP/1.1", "Host: 35.191.0.1", "User-Agent: GoogleHC/1.0"],
	["Azure", "HTTP/1.1", "Host: 127.0.0.1:8888", "User-Agent: Edge Health Probe"],
	["Consul, Nomad, by a service's name", "HTTP/1.1", "Host: partner-app.service.consul:8888", "User-Agent: Consul Health Check"],
	["docker compose, by a container's name", "HTTP/1.1", "Host: partner_app:8888", "User-Agent: curl/8.5"],
	["HAProxy and nginx, HTTP/1.0 without Host", "HTTP/1.0"],
	["HAProxy, HTTP/1.0 with a name", "HTTP/1.0", "Host: app-1.internal"],
	["a page's name", "HTTP/1.1", "Host: evil.example"],
];

const send = ({ port }, method, path, [version, ...headers]) =>
	raw(port, [`${method} ${path} ${version}`, ...headers, "", ""].join("\r\n"));

const status = (answer) => Number(answer.match(/^HTTP\/1\.1 (\d+)/)?.[1]);

describe("other hosts", () => { // one after the other: a burst of connections gets 503 while workers are few (HT-19)
	let server;
	before(async () => {
		server = await startApp(APP, { env: { PUBLIC_URL: "http://localhost:8888" } });
	});
	after(() => server.end());

	for (const [name, ...how] of PROBERS) {
		for (const [method, path, text] of [["GET", "/healthz", "ok\n"], ["GET", "/readyz", "ready\n"], ["HEAD", "/healthz", ""], ["HEAD", "/readyz", ""]]) {
			test(`HT-05 ${name}: ${method} ${path}`, async () => {
				const answer = await send(server, method, path, how);
				assert.equal(status(answer), 200);
				assert.equal(answer.slice(answer.indexOf("\r\n\r\n") + 4), text);
			});
		}
	}

	for (const [method, path] of [
		["GET", "/"], ["GET", "/hello"], ["GET", "/metrics"], ["GET", "/static/partnerapp/partnerapp.css"], ["GET", "/readyz2"], ["GET", "/readyz/"],
		["GET", "/healthz/x"], ["GET", "/Healthz"], ["POST", "/readyz"], ["POST", "/healthz"], ["OPTIONS", "/readyz"], ["OPTIONS", "*"],
	]) {
		test(`HT-05 nothing else is answered: ${method} ${path}`, async () => {
			assert.equal(status(await send(server, method, path, ["HTTP/1.1", "Host: 10.1.2.3"])), 421);
			assert.equal(status(await send(server, method, path, ["HTTP/1.0"])), 400);
			assert.equal(status(await send(server, method, path, ["HTTP/1.1"])), 400);
		});
	}

	// Host and other headers of a refused request, and what the page and the log line say.
	for (const [name, headers, said] of [
		["ngrok", { host: "abc.ngrok.app", "x-forwarded-proto": "https", "x-forwarded-host": "abc.ngrok.app" }, ["http://localhost:8888", "abc.ngrok.app", "PUBLIC_URL=https://abc.ngrok.app"]],
		["cloudflared", { host: "Words-Of-Four.trycloudflare.com", "x-forwarded-proto": "https" }, ["PUBLIC_URL=https://words-of-four.trycloudflare.com"]],
		["a reverse proxy", { host: "app.partner.example", "x-forwarded-for": "192.0.2.1" }, ["PUBLIC_URL=https://app.partner.example"]],
		["a proxy at another port", { host: "app.partner.example:8443", "x-forwarded-proto": "https" }, ["PUBLIC_URL=https://app.partner.example:8443"]],
		["the network's address", { host: "192.168.1.20:8888" }, ["not as 192.168.1.20", "https"]],
		["a proxy that names another host", { host: "web:8888", "x-forwarded-host": "abc.ngrok.app, web" }, ["PUBLIC_URL=https://abc.ngrok.app", "Host"]],
		["a proxy that hides PUBLIC_URL's host", { host: "web:8888", "x-forwarded-host": "localhost:8888" }, ["X-Forwarded-Host", "pass the Host header on"]],
		["markup", { host: "abc.example", "x-forwarded-host": "<script>alert(1)</script>" }, ["PUBLIC_URL=https://abc.example"]],
	]) {
		test(`HT-05 421 says what to set: ${name}`, async () => {
			for (const accept of ["text/html,*/*;q=0.8", "*/*", "application/json"]) {
				const from = server.err.length;
				const answer = await request(`http://localhost:${server.port}/hello`, { headers: { accept, ...headers } });
				assert.equal(answer.status, 421);
				const json = accept === "application/json";
				assert.match(answer.headers["content-type"], json ? /^application\/json/ : /^text\/plain/);
				const text = json ? answer.json().error : answer.text;
				for (const part of said) assert.ok(text.includes(part), `${part} in ${text}`);
				assert.match(text, /PUBLIC_URL/);
				assert.doesNotMatch(answer.text, /<script/);
				const id = answer.headers["x-request-id"];
				await server.logged(`"request_id":"${id}"`, from);
				const line = server.err.slice(from).split("\n").filter((one) => one.includes(id)).map((one) => JSON.parse(one)).find((one) => one.reason === "other_host");
				for (const part of said) assert.ok(line.detail.includes(part), `${part} in ${line.detail}`);
			}
		});
	}

	test("HT-05 the sandbox says as what it answers", async () => {
		const sandbox = await startSandbox();
		const answer = await request(`${sandbox.origin}/`, { headers: { host: "evil.example" } });
		await sandbox.end();
		assert.equal(answer.status, 421);
		assert.match(answer.text, /answers as 127\.0\.0\.1, localhost or \[::1\], not as evil\.example/);
	});
});
