// How large a body may be: the server's default, and a route's own limit, which is known before the body is read.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { folder, raw, request, run, startApp, writeApp } from "./harness.mjs";

const app = (large = '"4M"') => `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local function count(req) return reply.text(("%s %d\\n"):format(req.path, #(req.body or ""))) end
local app, inner = partnerapp.new {}, partnerapp.new {}
inner:post("/in", count, { csrf = false, body_limit = 2 << 20 })
inner:post("/plain", count, { csrf = false })
app:post("/large", count, { csrf = false, body_limit = ${large} })
app:post("/largest", count, { csrf = false, body_limit = "16 MiB" })
app:put("/large", count, { csrf = false })
app:post("/small", count, { csrf = false, body_limit = 100 })
app:post("/plain", count, { csrf = false })
app:post("/files/:name", count, { csrf = false, body_limit = 3e6 })
app:post("/files/plain", count, { csrf = false })
app:post("/all/*rest", count, { csrf = false, body_limit = "2m" })
app:mount("/inner", inner)
return app
`;

const MIB = 1 << 20;

// what, method, path, the largest body that is taken, the limit as the refusal says it
const LIMITS = [
	["a route without a limit of its own", "POST", "/plain", MIB, "1 MiB"],
	["a larger limit", "POST", "/large", 4 * MIB, "4 MiB"],
	["the largest limit", "POST", "/largest", 16 * MIB, "16 MiB"],
	["another method of that path", "PUT", "/large", MIB, "1 MiB"],
	["a smaller limit", "POST", "/small", 100, "100 bytes"],
	["a path with a parameter, and a limit that is a float", "POST", "/files/a%20b", 3e6, "2.9 MiB"],
	["a plain path before one with a parameter", "POST", "/files/plain", MIB, "1 MiB"],
	["all paths below one", "POST", "/all/a/b", 2 * MIB, "2 MiB"],
	["a route that is mounted", "POST", "/inner/in", 2 * MIB, "2 MiB"],
	["a mounted route without a limit", "POST", "/inner/plain", MIB, "1 MiB"],
	["a query after the path", "POST", "/large?a=b", 4 * MIB, "4 MiB"],
];

const head = (method, path, headers) => [`${method} ${path} HTTP/1.1`, "Host: localhost", "Connection: close", ...headers, "", ""].join("\r\n");
const chunk = (bytes) => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
const status = (answer) => Number(answer.match(/^HTTP\/1\.1 (\d+)/)?.[1]);

/** Sends a head, then a body that may be refused while it is sent; the answer's bytes. */
async function send(port, first, body) {
	const socket = net.connect(port, "127.0.0.1");
	let text = "";
	socket.on("error", () => {}); // the server may close while the rest is written
	socket.on("data", (data) => (text += data));
	socket.write(first);
	socket.write(body);
	await once(socket, "close");
	return text;
}

describe("HT-14 HT-17 bodies", { concurrency: false }, () => {
	let server, port;
	before(async () => {
		server = await startApp(app());
		port = server.port;
	});
	after(() => server.end());

	for (const [what, method, path, most, said] of LIMITS) {
		const shown = decodeURI(path.replace(/\?.*/, ""));

		test(`${what}: a body at the limit is taken`, async () => {
			const answer = await request(server.url + path, { method, body: Buffer.alloc(most, "a") });
			assert.deepEqual([answer.status, answer.text], [200, `${shown} ${most}\n`]);
		});

		test(`${what}: a Content-Length over it is refused before the body comes`, async () => {
			const answer = await raw(port, head(method, path, [`Content-Length: ${most + 1}`, "Expect: 100-continue"]));
			assert.equal(status(answer), 413, answer);
			assert.match(answer, /\r\nConnection: close\r\n/i);
			assert.ok(answer.includes(`at most ${said} `), answer);
		});

		test(`${what}: so is a chunked body that grows over it`, async () => {
			const answer = await send(port, head(method, path, ["Transfer-Encoding: chunked"]), chunk("a".repeat(most)) + chunk("a"));
			assert.equal(status(answer), 413, answer);
			assert.ok(answer.includes(`at most ${said} `), answer);
			const whole = await send(port, head(method, path, ["Transfer-Encoding: chunked"]), chunk("a".repeat(most)) + "0\r\n\r\n");
			assert.match(whole, new RegExp(`${shown} ${most}\n$`));
		});
	}

	test("HT-17 a client that is in the middle of a body that is refused still gets the refusal", async () => {
		for (let i = 0; i < 5; i++) {
			const answer = await send(port, head("POST", "/plain", [`Content-Length: ${8 * MIB}`]), "a".repeat(8 * MIB));
			assert.equal(status(answer), 413);
			assert.match(answer, /at most 1 MiB /);
		}
	});

	test("100 Continue is said when the route takes the body, and a chunked one is refused when it grows", async () => {
		const said = await send(port, head("POST", "/large", [`Content-Length: ${2 * MIB}`, "Expect: 100-continue"]), "a".repeat(2 * MIB));
		assert.match(said, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
	});

	test("the log has the limit", () => assert.match(server.err, /"detail":"the body is too large: this address takes at most 4 MiB \(body_limit of its route\)"/));

	test("a reload changes the limit", async () => {
		const ask = (bytes) => request(`${server.url}/large`, { method: "POST", body: Buffer.alloc(bytes, "a") });
		await server.logs('"reloaded"', () => writeFileSync(server.file, app("200")));
		assert.equal((await ask(201)).status, 413);
		await server.logs('"reloaded"', () => writeFileSync(server.file, app("5000000.0")));
		assert.equal((await ask(5000000)).status, 200);
		assert.equal((await ask(5000001)).status, 413);
		await server.logs('"reloaded"', () => writeFileSync(server.file, app("nil")));
		assert.equal((await ask(MIB + 1)).status, 413);
		writeFileSync(server.file, app('"2M"'));
		const page = await request(`${server.url}/large`, { method: "POST", headers: { accept: "text/html" }, body: Buffer.alloc(2 * MIB, "a") });
		assert.equal(page.status, 200, "a person's request waits for the reload of what was saved before");
	});
});

test("HT-14 a limit that cannot be is an error when the app is loaded", async (t) => {
	const place = folder();
	t.after(() => place.remove());
	for (const [value, wanted, env] of [
		["17 << 20", /init\.lua:8: POST \/large: body_limit is 17M and may be at most 16M/],
		['"1G"', /body_limit is 1G and may be at most 16M/],
		["0", /body_limit must be at least 1, not 0/],
		["-1", /body_limit must be at least 1, not -1/],
		["1.5", /body_limit must be a number of bytes, such as 8 << 20, or a string such as "8M", not '1\.5'/],
		['"much"', /not 'much'/],
		["{}", /not a table/],
		["true", /not 'true'/],
	]) {
		writeApp(place, app(value));
		const { code, out, err } = await run(["check"], { cwd: place.name, env });
		assert.match(out + err, wanted);
		assert.equal(code, 1);
	}
	writeApp(place, app());
	const { out, err } = await run(["check"], { cwd: place.name, env: { SCRIPT_MEMORY: "16M" } });
	assert.match(out + err, /body_limit is 16M, which needs a SCRIPT_MEMORY of 32M or more: it is 16M/);
});
