// The load of a soak: pages, install flows from begin to disconnect, calls of the sandbox, errors, slow clients. Each
// answer has the status that its kind of request wants, or it is a problem.
import http from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Jar, consent, form, json, request } from "../http/client.mjs";

const IN_FLIGHT_MOST = 64, TICK_MS = 50, PROBLEMS_TOLD = 20;
const CLOCK_FLOWS = 20; // after so many flows the sandbox's clock is moved past the end of all tokens
const HOUR = 3700;

export class Load {
	constructor(demo, rate) {
		Object.assign(this, { demo, rate, latencies: [], problems: [], count: 0, flows: 0, skipped: 0, inFlight: 0 });
		this.agent = new http.Agent({ keepAlive: true, maxSockets: IN_FLIGHT_MOST });
		this.stopped = new AbortController();
	}

	problem(text) {
		this.problems.push(text);
		if (this.problems.length <= PROBLEMS_TOLD) console.log(`soak: ${text}`);
	}

	/** A request that must have that status; undefined otherwise. */
	async ask(status, path, options = {}) {
		const url = path.startsWith("http") ? path : this.demo.app + path;
		const begun = performance.now();
		try {
			const answer = await request(url, { agent: this.agent, ...options });
			this.count++;
			if (answer.status === status) {
				this.latencies.push(performance.now() - begun);
				return answer;
			}
			this.problem(`${options.method ?? "GET"} ${path}: ${answer.status}, not ${status}: ${answer.text.slice(0, 300)}`);
		} catch (error) {
			this.problem(`${options.method ?? "GET"} ${path}: ${error.message}`);
		}
		return undefined;
	}

	/** Walks to an install in the workspace of that choice; { jar, page, name }. */
	async install(choice) {
		const jar = new Jar();
		const begun = await this.ask(302, "/auth/segment", { jar });
		const asked = begun && await this.ask(302, begun.location, { jar });
		const callback = asked && await consent(this.demo, asked, jar, { choice });
		const headers = { accept: "application/json" };
		const made = callback && await this.ask(200, callback, { jar, headers });
		this.count += 3; // of consent
		const install = made?.json().install;
		return install && { jar, page: `/installs/${install.id}`, name: install.name };
	}

	/** One flow, from the first page to the end of the install, here and at the sandbox. */
	async flow(choice) {
		const made = await this.install(choice);
		const { jar } = made ?? {};
		if (made) await this.ask(200, made.page, { jar });
		const page = made && await this.ask(200, `${made.page}/disconnect`, { jar });
		const csrf = page?.text.match(/name="csrf" value="([^"]*)"/)?.[1];
		if (csrf && await this.ask(200, `${made.page}/disconnect`, { jar, ...form({ csrf }) })) this.flows++;
		else if (page) this.problem(`${made.page} has no form to disconnect`);
		if (made) await this.ask(303, `${this.demo.sandbox}/${made.name}/remove`, form({}));
	}

	/** Flows one after the other. Between two, the clock may move: tokens of kept installs have ended then. */
	async runFlows(choice) {
		for (let n = 1; !this.stopped.signal.aborted; n++) {
			await this.flow(choice).catch((error) => this.problem(`a flow: ${error.message}`));
			if (n % CLOCK_FLOWS === 0) await this.ask(200, `${this.demo.sandbox}/_sandbox/clock`, json({ advance: HOUR }));
			await this.pause(500);
		}
	}

	/** A client that sends its head slowly, byte by byte, and reads the answer. */
	async runSlowly() {
		while (!this.stopped.signal.aborted) {
			const socket = net.connect(new URL(this.demo.app).port, "127.0.0.1");
			let got = "";
			const closed = new Promise((resolve) => socket.once("close", resolve));
			socket.on("error", () => {}).on("data", (data) => (got += data));
			for (const byte of "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") {
				if (socket.destroyed) break;
				socket.write(byte);
				await this.pause(30);
			}
			if (this.stopped.signal.aborted) socket.destroy();
			await closed;
			if (!this.stopped.signal.aborted && !got.startsWith("HTTP/1.1 200")) this.problem(`slow client: ${got.slice(0, 100)}`);
		}
	}

	/** Clients that connect, say half a request, and leave. */
	async runLeaving() {
		while (!this.stopped.signal.aborted) {
			const socket = net.connect(new URL(this.demo.app).port, "127.0.0.1");
			socket.on("error", () => {}).write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf");
			await this.pause(1000);
			socket.destroy();
		}
	}

	/** Waits, but not after the end. */
	pause(ms) {
		return sleep(ms, undefined, { signal: this.stopped.signal }).catch(() => {});
	}

	/** Single requests at a steady rate. One that is due while too many are under way is left out and counted. */
	async runSteadily(kept) {
		const { app, sandbox } = this.demo;
		const kinds = [
			() => this.ask(200, "/"),
			() => this.ask(200, kept.page, { jar: kept.jar }),
			() => this.ask(200, "/static/partnerapp/partnerapp.css"),
			() => this.ask(200, "/", { jar: kept.jar }),
			() => this.ask(200, kept.page, { jar: kept.jar, headers: { accept: "application/json" } }),
			() => this.ask(404, "/nothing/there"),
			() => this.ask(404, kept.page), // another browser
			() => this.ask(400, "/?broken=%zz"),
			() => this.ask(405, "/", { method: "PUT" }),
			() => this.ask(400, "/auth/segment/callback?state=forged&code=x"),
			() => this.ask(200, `${sandbox}/`),
			() => this.ask(401, `${sandbox}/v1beta/workspaces/userworkspace`, { headers: { authorization: "Bearer x" } }),
			() => this.ask(200, `${app}/readyz`),
		];
		let due = 0, next = 0, last = performance.now();
		while (!this.stopped.signal.aborted) {
			await this.pause(TICK_MS);
			const now = performance.now();
			due += (now - last) / 1000 * this.rate;
			last = now;
			for (; due >= 1; due--) {
				if (this.inFlight >= IN_FLIGHT_MOST) {
					this.skipped++;
					continue;
				}
				this.inFlight++;
				void kinds[next++ % kinds.length]().finally(() => this.inFlight--);
			}
		}
	}

	/** Makes an install that is kept, then starts all of the load. */
	async start() {
		const choices = await this.choices();
		const kept = await this.install(choices[0]);
		if (!kept) throw new Error("the first install failed");
		const other = choices.find((choice) => choice.split("/")[1] !== choices[0].split("/")[1]);
		this.running = Promise.all([this.runSteadily(kept), this.runFlows(other), this.runSlowly(), this.runLeaving()]);
	}

	/** What happened since the last call: the milliseconds of each answer, and how many requests there were. */
	take() {
		const taken = { latencies: this.latencies, count: this.count - (this.taken ?? 0) };
		this.latencies = [];
		this.taken = this.count;
		return taken;
	}

	/** What the consent page offers: sources of several workspaces. */
	async choices() {
		const jar = new Jar();
		const begun = await request(`${this.demo.app}/auth/segment`, { jar });
		const login = await request(begun.location, { jar });
		const id = new URL(login.location, this.demo.sandbox).searchParams.get("login_challenge");
		await request(`${this.demo.sandbox}/login`, {
			jar, ...form({ login_challenge: id, email: "user@example.com", password: "password" }),
		});
		const page = await request(`${this.demo.sandbox}/authorize?consent_challenge=${id}`, { jar });
		return [...page.text.matchAll(/<option value="([^"]*)"/g)].map((found) => found[1]);
	}

	/** Ends what `start` began, once its requests are answered. */
	async stop() {
		this.stopped.abort();
		await this.running;
		while (this.inFlight > 0) await sleep(10);
		this.agent.destroy();
	}
}
