// The fake Segment, for tests that count its calls, or that need it slow, down or wrong: a token endpoint, the renewal
// of tokens, and one answer to every other call. It checks tokens and nothing else. Tests of what Segment really
// answers use the sandbox.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { Jar, during, request } from "./harness.mjs";

/**
 * Opens a fake Segment. These fields say how it behaves; a test sets them in `settings`, and later at any time:
 *
 *   lives       seconds that the token of a new install lives
 *   livesAfter  seconds that a renewed token lives; as `lives` when undefined
 *   hold        true: renewals get no answer until release()
 *   delay       milliseconds until a renewal is answered
 *   failures    how many of the next renewals are answered with 503
 *   answer      a function: what it returns is the body of the answer to every request
 *
 * A new token makes the one before it of the same install invalid; a call with an invalid token gets 401. Requests to
 * /slow wait in `slow` until answerSlow(). `installs`, `renewals` and `calls` are counted, and the `refused` calls.
 */
export async function openSegment(settings = {}) {
	const segment = {
		lives: 3600, livesAfter: undefined, hold: false, delay: 0, failures: 0, answer: undefined,
		installs: 0, issued: 0, renewals: 0, calls: 0, refused: 0, slow: [], ...settings,
	};
	const living = new Map(); // the token of each install
	const held = [];

	/** A new token for an install, as a renewal by another program would bring one. */
	segment.issue = (name, lives = segment.livesAfter ?? segment.lives) => {
		living.set(name, `token-${++segment.issued}-of-the-fake-segment`);
		return {
			access_token: living.get(name), token_type: "bearer", expires_in: lives, scope: "destination/webhooks",
			app_name: "apps/1", install_name: name, workspace_names: ["workspaces/business"],
			source_names: ["workspaces/business/sources/js"],
		};
	};
	segment.release = () => {
		segment.hold = false;
		held.splice(0).forEach((renew) => renew());
	};
	segment.answerSlow = () => segment.slow.splice(0).forEach((send) => send(200, {}));

	function renew(name, send) {
		if (segment.failures > 0 && segment.failures--) return send(503, { error: "down", code: 14 });
		return send(200, segment.issue(name));
	}

	function answer(req, send) {
		if (req.method === "HEAD") return send(404, {}); // a connection that is made ready before it is needed
		if (segment.answer) return send(200, segment.answer(req));
		if (req.url === "/slow") return segment.slow.push(send);
		if (req.url === "/oauth2/token") return send(200, segment.issue(`installs/${++segment.installs}`, segment.lives));
		const name = req.url.match(/installs\/\d+(?=\/token$)/)?.[0];
		if (name) {
			segment.renewals++;
			if (segment.hold) return held.push(() => renew(name, send));
			return segment.delay ? setTimeout(renew, segment.delay, name, send) : renew(name, send);
		}
		segment.calls++;
		const good = [...living.values()].some((token) => req.headers.authorization === `Bearer ${token}`);
		if (!good) segment.refused++;
		return good ? send(200, { enabled: true }) : send(401, { error: "malformed token", code: 16 });
	}

	const server = http.createServer((req, res) => {
		req.resume().on("end", () => answer(req, (status, body) =>
			res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	segment.url = `http://127.0.0.1:${server.address().port}`;
	/** The settings of an app that calls this Segment. */
	segment.env = { SEGMENT_ID_URL: segment.url, SEGMENT_API_URL: segment.url };
	segment.close = async () => {
		server.closeAllConnections();
		server.close();
	};
	return segment;
}

/** As openSegment, for the time of `body(segment)`. */
export async function withSegment(settings, body) {
	const segment = await openSegment(settings);
	return during(() => body(segment), segment.close);
}

/** Goes through the install flow at /auth/segment, with the fake Segment's consent. Gives the install's id. */
export async function install(url) {
	const jar = new Jar();
	const begun = await request(`${url}/auth/segment`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const done = await request(`${url}/auth/segment/callback?state=${state}&code=x`, { jar });
	assert.equal(done.status, 303, done.text);
	return done.location.split("/").at(-1);
}
