// Talks HTTP to a server on this machine, as browsers and others do.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The top folder of the project. */
export const top = fileURLToPath(new URL("../..", import.meta.url));

// Below the ports that Linux gives to connections that go out and to servers that take any port: what is free now is
// not taken by one of those before the program listens there.
const [FIRST_PORT, LAST_PORT] = [10240, 32767];

const BLOCK = 64;

const listens = (server, port) => once(server.listen(port, "127.0.0.1"), "listening").then(() => true, () => false);

// A block of ports for this process alone, as long as it listens on the first one: of two test files that choose at the
// same time, each would find a port free, and the second program to listen there would fail.
async function claimBlock() {
	for (;;) {
		const first = FIRST_PORT + BLOCK * randomInt(Math.floor((LAST_PORT + 1 - FIRST_PORT) / BLOCK));
		if (await listens(net.createServer().unref(), first)) return { next: first + 1, end: first + BLOCK };
	}
}

let block;

/** A port without a listener, which no other call gives. */
export async function freePort() {
	for (;;) {
		block ??= claimBlock();
		const mine = await block, port = mine.next++;
		if (port >= mine.end) {
			block = undefined;
			continue;
		}
		const server = net.createServer();
		if (!await listens(server, port)) continue;
		server.close();
		await once(server, "close");
		return port;
	}
}

/** Repeats a question until the answer is good, and gives that answer. `ms` only ends a test that fails. */
export async function until(ask, good, ms = 60000) {
	const deadline = Date.now() + ms;
	for (let pause = 5; ; pause = Math.min(pause * 1.5, 100)) {
		const answer = await ask();
		if (good(answer)) return answer;
		assert.ok(Date.now() < deadline, `still not after ${ms} ms: ${JSON.stringify(answer)}`);
		await sleep(pause);
	}
}

/**
 * One request, over a new connection without an `agent`: { status, headers, location, text, json() }. Redirects are not
 * followed.
 */
export function request(url, { method = "GET", headers = {}, body, jar, agent = false } = {}) {
	const target = new URL(url);
	const all = { ...headers };
	const cookies = jar?.header(target);
	if (cookies) all.cookie = cookies;
	return new Promise((resolve, reject) => {
		const options = {
			host: "127.0.0.1", port: target.port, path: target.pathname + target.search, method, agent,
			headers: { host: target.host, ...all },
		};
		const call = http.request(options, (answer) => {
			const chunks = [];
			answer.on("data", (chunk) => chunks.push(chunk));
			answer.on("error", reject);
			answer.on("end", () => {
				const text = Buffer.concat(chunks).toString();
				jar?.keep(target, answer.headers["set-cookie"] ?? []);
				resolve({
					status: answer.statusCode, headers: answer.headers, text, location: answer.headers.location,
					json: () => JSON.parse(text),
				});
			});
		});
		call.on("error", (error) => {
			// The server may close a kept connection just when it is used again: the request was not read.
			if (error.code === "ECONNRESET" && call.reusedSocket) resolve(request(url, { method, headers, body, jar, agent }));
			else reject(error);
		});
		call.end(body);
	});
}

/** Cookies by host name, as browsers keep them: ports do not matter. */
export class Jar {
	hosts = new Map();

	keep(url, lines) {
		const host = this.hosts.get(url.hostname) ?? new Map();
		this.hosts.set(url.hostname, host);
		for (const line of lines) {
			const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
			if (/max-age=0/i.test(line)) host.delete(name);
			else host.set(name, value);
		}
	}

	header(url) {
		const host = this.hosts.get(url.hostname);
		return host?.size ? [...host].map(([name, value]) => `${name}=${value}`).join("; ") : undefined;
	}
}

export const form = (fields) => ({
	method: "POST",
	headers: { "content-type": "application/x-www-form-urlencoded" },
	body: new URLSearchParams(fields).toString(),
});

export const json = (value, headers = {}) => ({
	method: "POST",
	headers: { "content-type": "application/json", ...headers },
	body: JSON.stringify(value),
});

/** Walks the sandbox's pages from the answer of its authorize endpoint. Gives the address of the app's callback. */
export async function consent(demo, answer, jar, { decision = "allow", choice } = {}) {
	const challenge = new URL(answer.location, demo.sandbox).searchParams;
	const id = challenge.get("login_challenge") ?? challenge.get("consent_challenge");
	if (challenge.has("login_challenge")) {
		await request(`${demo.sandbox}/login`, {
			jar, ...form({ login_challenge: id, email: "user@example.com", password: "password" }),
		});
	}
	const page = await request(`${demo.sandbox}/authorize?consent_challenge=${id}`, { jar });
	const csrf = page.text.match(/name="csrf" value="([^"]*)"/)[1];
	const first = page.text.match(/<option value="([^"]*)"/)[1];
	const decided = form({ consent_challenge: id, csrf, choice: choice ?? first, decision });
	return (await request(`${demo.sandbox}/authorize`, { jar, ...decided })).location;
}

/**
 * Sends bytes as they are, and ends its side of the connection after the first bytes of an answer. Gives all that comes
 * until the server closes. `ms` of silence only end a test that fails.
 */
export function raw(port, bytes, { ms = 30000, host = "127.0.0.1" } = {}) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(port, host);
		let got = "";
		socket.setTimeout(ms, () => socket.destroy());
		socket.once("data", () => socket.end());
		socket.on("data", (data) => (got += data));
		socket.on("error", (error) => (got ? resolve(got) : reject(error)));
		socket.on("close", () => resolve(got));
		socket.on("connect", () => socket.write(bytes));
	});
}
