// For what is tried with installs and their tokens: an app served by one or more processes, and a small Segment whose
// tokens live as long as a test wants.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { Jar, folder, freePort, request, start } from "./harness.mjs";

/** Serves the app with as many processes as asked, all on one database, for the time of `body`. */
export async function serve(script, count, body, env = {}) {
	const place = folder();
	const file = path.join(place.name, "app", "init.lua");
	mkdirSync(path.dirname(file));
	writeFileSync(file, script);
	const ports = [];
	for (let i = 0; i < count; i++) ports.push(await freePort());
	const settings = (port) => ({
		CLIENT_ID: "client", CLIENT_SECRET: "secret", LISTEN: `127.0.0.1:${port}`,
		PUBLIC_URL: `http://localhost:${ports[0]}`, ...env,
	});
	const begin = (port) => start(["serve", "app"], { cwd: place.name, env: settings(port) });
	const servers = [];
	try {
		for (const port of ports) servers.push(await begin(port));
		await body({
			servers, file, cwd: place.name, env: settings(ports[0]),
			urls: ports.map((port) => `http://localhost:${port}`),
			/** Ends a server and starts it anew. */
			restart: async (index) => {
				assert.equal(await servers[index].stop(), 0);
				servers[index] = await begin(ports[index]);
			},
		});
	} finally {
		await Promise.all(servers.map((server) => server.stop()));
		place.remove();
	}
}

/** Asks again until the answer is good. */
export async function until(ask, good, ms = 15000) {
	for (const deadline = Date.now() + ms; ;) {
		const answer = await ask();
		if (good(answer)) return answer;
		assert.ok(Date.now() < deadline, `in vain: ${JSON.stringify(answer)}`);
		await new Promise(setImmediate);
	}
}

/**
 * A Segment whose tokens live for `lives` seconds. While `hold` is set, renewals wait for release(); what is sent to
 * /slow waits for answerSlow().
 */
export async function withSegment(body) {
	const segment = { lives: 2, issued: 0, installs: 0, renewals: 0, hold: false, slow: [] };
	const held = [];
	segment.release = () => { segment.hold = false; held.splice(0).forEach((answer) => answer()); };
	segment.answerSlow = () => segment.slow.splice(0).forEach((answer) => answer());
	const token = (name) => ({
		access_token: `token-${++segment.issued}`, token_type: "bearer", expires_in: segment.lives,
		scope: "destination/webhooks", app_name: "apps/1", install_name: name,
		workspace_names: ["workspaces/business"], source_names: ["workspaces/business/sources/js"],
	});
	const upstream = http.createServer((req, res) => {
		req.resume().on("end", () => {
			const send = (value) => res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
			if (req.url === "/oauth2/token") return send(token(`installs/${++segment.installs}`));
			const name = req.url.match(/installs\/\d+(?=\/token$)/)?.[0];
			if (req.url === "/slow") return void segment.slow.push(() => send({}));
			if (!name) return send({ enabled: true });
			segment.renewals++;
			if (segment.hold) held.push(() => send(token(name)));
			else send(token(name));
		});
	});
	upstream.listen(0, "127.0.0.1");
	await once(upstream, "listening");
	const url = `http://127.0.0.1:${upstream.address().port}`;
	try {
		await body(segment, { SEGMENT_ID_URL: url, SEGMENT_API_URL: url });
	} finally {
		upstream.closeAllConnections();
		upstream.close();
	}
}

/** Installs the app at /auth/segment; the install's id. */
export async function install(url) {
	const jar = new Jar();
	const begun = await request(`${url}/auth/segment`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const done = await request(`${url}/auth/segment/callback?state=${state}&code=x`, { jar });
	assert.equal(done.status, 303, done.text);
	return done.location.split("/").at(-1);
}
