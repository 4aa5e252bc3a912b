// Who gets into the dashboard, over real sockets: each shape that a request of a tunnel, a proxy or another machine has.
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import { form, freePort, json, raw, request, startDemo, during, withApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/", function() return reply.text "the app" end)
return app
`;

const PASSWORD = "correct horse battery staple";

// Each has something behind the gate; one has no page.
const ADDRESSES = [
	"/dashboard", "/dashboard/", "/dashboard/scripts", "/dashboard/installs", "/dashboard/installs/1",
	"/dashboard/installs/1/destination", "/dashboard/installs/1/steps", "/dashboard/installs/1/disconnect",
	"/dashboard/destinations", "/dashboard/destinations/acme", "/dashboard/tester", "/dashboard/tester/acme",
	"/dashboard/traffic", "/dashboard/traffic/version", "/dashboard/traffic/1", "/dashboard/traffic/1/har",
	"/dashboard/traffic/1/replay", "/dashboard/traffic/flows/1", "/dashboard/deliveries", "/dashboard/deliveries/1",
	"/dashboard/nothing",
];

const FORMS = [
	"/dashboard/logout", "/dashboard/installs/1/renew", "/dashboard/installs/1/run", "/dashboard/installs/1/disconnect",
	"/dashboard/installs/1/destination", "/dashboard/destinations/acme", "/dashboard/tester/acme",
	"/dashboard/traffic/1/replay",
];

const other = Object.values(networkInterfaces()).flat().find((one) => one.family === "IPv4" && !one.internal)?.address;

const status = (answer) => Number(answer.match(/^HTTP\/1\.1 (\d+)/)?.[1]);
const lines = (first, headers) => [first, ...headers, "Connection: close", "", ""].join("\r\n");

/** What an answer must not have in it: the mark of a page behind the gate. */
function shows(text) {
	return /aria-label="Dashboard"|"version"|"entries"/.test(text);
}

async function isShut(server, options, wanted) {
	for (const path of ADDRESSES) {
		const answer = await request(server.url + path, options);
		assert.equal(answer.status, wanted, path);
		assert.ok(!shows(answer.text), path);
	}
	for (const path of FORMS) {
		for (const sent of [form({ do: "run" }), json({ do: "run" })]) {
			const answer = await request(server.url + path, { ...sent, headers: { ...sent.headers, ...options.headers } });
			assert.equal(answer.status, wanted, path);
			assert.ok(!shows(answer.text), path);
		}
	}
}

describe("who gets into the dashboard", () => {
	test("HT-02 HT-03 what a proxy or tunnel adds closes every address of an open dashboard", async () => {
		await withApp(APP, {}, async (server) => {
			assert.match((await request(`${server.url}/dashboard`)).text, /Open without a password/);
			for (const headers of [
				{ "X-Forwarded-For": "127.0.0.1" }, { "x-forwarded-host": "localhost" }, { "X-FORWARDED-PROTO": "http" },
				{ "X-Forwarded-Port": "80" }, { "X-Forwarded-Server": "localhost" }, { "X-Forwarded-Prefix": "/" },
				{ "X-Forwarded-For": "" }, { Forwarded: "for=127.0.0.1" }, { Via: "1.1 localhost" }, { "X-Real-IP": "127.0.0.1" },
			]) {
				await isShut(server, { headers }, 403);
			}
		});
	});

	test("HT-02 HT-05 only a Host of this machine opens it, in each way to write a request", async () => {
		await withApp(APP, {}, async (server) => {
			const { port } = server;
			const ask = async (first, headers) => {
				const answer = await raw(port, lines(first, headers));
				return [status(answer), shows(answer)];
			};
			const GET = "GET /dashboard HTTP/1.1";
			for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "localhost"])
				assert.deepEqual(await ask(GET, [`Host: ${host}`]), [200, true], host);
			for (const host of [
				"abc.example.com", "abc.ngrok.app:443", "localhost.example.com", "127.0.0.1.nip.io", "localhost@evil.example",
				"evil.example#localhost", "0.0.0.0", `0.0.0.0:${port}`, "[::]", "[::ffff:192.0.2.1]", "2130706433", "127.1", "", "localhost, evil.example",
				"localhost\0evil.example", "localhost evil", "192.0.2.1", other ?? "192.0.2.2",
			]) {
				const [code, shown] = await ask(GET, [`Host: ${host}`]);
				assert.ok(!shown && code >= 400 && code < 500, `${host}: ${code}`);
			}
			for (const [first, headers] of [
				[GET, []],
				[GET, ["Host: localhost", "Host: evil.example"]],
				[GET, ["Host: evil.example", "Host: localhost"]],
				[GET, ["Host: localhost", "Host: localhost"]],
				["GET /dashboard HTTP/1.0", []],
				["GET /dashboard HTTP/1.0", ["Host: evil.example"]],
				["GET http://evil.example/dashboard HTTP/1.1", ["Host: localhost"]],
				["GET http://localhost/dashboard HTTP/1.1", ["Host: evil.example"]],
				["GET //evil.example/dashboard HTTP/1.1", ["Host: evil.example"]],
				[GET, [`Host: localhost:${port}`, "X-Forwarded-For : 192.0.2.1"]],
				[GET, [`Host: localhost:${port}`, "X-A: b", " X-Forwarded-For: 192.0.2.1"]],
			]) {
				const [code, shown] = await ask(first, headers);
				assert.ok(!shown && code >= 400 && code < 500, `${first} ${headers}: ${code}`);
			}
		});
	});

	test("HT-02 with LISTEN=0.0.0.0 it is absent without a password, and asks with one", { skip: !other }, async () => {
		const everywhere = (port) => ({ LISTEN: `0.0.0.0:${port}` });
		for (const ADMIN_PASSWORD of ["", PASSWORD]) {
			const port = await freePort();
			const env = { ...everywhere(port), PUBLIC_URL: `http://localhost:${port}`, ...(ADMIN_PASSWORD && { ADMIN_PASSWORD }) };
			await withApp(APP, { env }, async (server) => {
				const wanted = ADMIN_PASSWORD ? 401 : 404;
				await isShut({ url: `http://localhost:${port}` }, { headers: {} }, wanted);
				for (const host of ["127.0.0.1", other]) {
					for (const name of ["localhost", `localhost:${port}`, "127.0.0.1", "[::1]"]) {
						const answer = await raw(port, lines("GET /dashboard HTTP/1.1", [`Host: ${name}`]), { host });
						assert.equal(status(answer), wanted, `${host} ${name}`);
						assert.ok(!shows(answer));
					}
				}
				assert.equal(/there is no \/dashboard/.test(server.err), !ADMIN_PASSWORD, server.err);
			});
		}
	});

	test("HT-02 a server for others has no dashboard without a password; serve says so", async () => {
		const env = { PUBLIC_URL: "https://app.example", SECRET_KEY: "0".repeat(64) };
		await withApp(APP, { env }, async (server) => {
			for (const host of ["app.example", "localhost", "127.0.0.1"]) await isShut(server, { headers: { host } }, 404);
			const nothing = await request(`${server.url}/nothing`, { headers: { accept: "text/html" } });
			const absent = await request(`${server.url}/dashboard`, { headers: { accept: "text/html" } });
			assert.equal(absent.status, nothing.status);
			assert.equal((await request(`${server.url}/dashboard/login`, form({ password: "x" }))).status, 404);
			assert.match(server.err, /there is no \/dashboard/);
		});
		await withApp(APP, { env: { ...env, ADMIN_PASSWORD: PASSWORD } }, async (server) => {
			for (const host of ["app.example", "localhost"]) await isShut(server, { headers: { host } }, 401);
		});
	});

	test("HT-02 a demo behind a tunnel is shut", async () => {
		const demo = await startDemo();
		await during(async () => {
			assert.match((await request(`${demo.app}/dashboard`)).text, /Open without a password/);
			await isShut({ url: demo.app }, { headers: { "x-forwarded-for": "203.0.113.9" } }, 403);
			for (const path of ADDRESSES) {
				const answer = await request(demo.app + path, { headers: { host: "abc.ngrok.app" } });
				assert.equal(answer.status, 421, path);
			}
		}, () => demo.end());
	});
});
