// Talks HTTP to a server on this machine, as browsers and others do.
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { fileURLToPath } from "node:url";

/** The top folder of the project. */
export const top = fileURLToPath(new URL("../..", import.meta.url));

/** A port that nobody listens on right now. */
export async function freePort() {
	const server = net.createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address();
	server.close();
	await once(server, "close");
	return port;
}

/** One request over a new connection: { status, headers, cookies, text, json() }. Redirects are not followed. */
export function request(url, { method = "GET", headers = {}, body, jar } = {}) {
	const target = new URL(url);
	const all = { ...headers };
	const cookies = jar?.header(target);
	if (cookies) all.cookie = cookies;
	return new Promise((resolve, reject) => {
		const options = {
			host: "127.0.0.1", port: target.port, path: target.pathname + target.search, method, agent: false,
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
		call.on("error", reject);
		if (body !== undefined) call.write(body);
		call.end();
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

/** Walks the sandbox's pages from what its authorize endpoint answered: the address that it sends the browser back to. */
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

/** Sends bytes as they are and gives all that comes back until the server closes or `ms` of silence pass. */
export function raw(port, bytes, { ms = 2000, host = "127.0.0.1" } = {}) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(port, host);
		let got = "";
		socket.setTimeout(ms, () => socket.destroy());
		socket.on("data", (data) => (got += data));
		socket.on("error", (error) => (got ? resolve(got) : reject(error)));
		socket.on("close", () => resolve(got));
		socket.on("connect", () => socket.write(bytes));
	});
}
