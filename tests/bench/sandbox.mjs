// The sandbox, which must not be what a load test measures: token and destination calls, on both cores.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { Jar, consent, form, freePort, json, request, top } from "../http/client.mjs";
import { launch, listening } from "./process.mjs";
import { load } from "./wrk.mjs";

const REDIRECT = "http://localhost:8888/auth/segment/callback";
const SCOPE = "destination/clearbrain";

/** An install with an enabled destination: what the calls need. */
async function prepare(origin) {
	const client = (await request(`${origin}/_sandbox/clients`, json({ scope: SCOPE, redirect_uris: [REDIRECT] }))).json();
	const query = new URLSearchParams({
		response_type: "code", client_id: client.client_id, redirect_uri: REDIRECT, scope: SCOPE, state: "of the bench",
	});
	const jar = new Jar();
	const begun = await request(`${origin}/oauth2/auth?${query}`, { jar });
	const back = await consent({ sandbox: origin }, begun, jar);
	const basic = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64")}`;
	const exchange = form({
		grant_type: "authorization_code", code: new URL(back).searchParams.get("code"), redirect_uri: REDIRECT,
	});
	exchange.headers.authorization = basic;
	const token = (await request(`${origin}/oauth2/token`, exchange)).json();
	const bearer = `Bearer ${token.access_token}`;
	const [source] = token.source_names;
	const name = `${source}/destinations/clearbrain`;
	const destination = { name, enabled: true, config: [{ name: `${name}/config/apiKey`, value: "abcd1234" }] };
	await request(`${origin}/v1beta/${source}/destinations`, json({ destination }, { authorization: bearer }));
	return { basic, bearer, name, destination, install: token.install_name };
}

/** Measures and prints. True when no request failed. */
export async function sandbox(folder, { connections, seconds }) {
	const port = await freePort();
	const child = launch("0,1", path.join(top, "build/release/partnerapp"), ["sandbox", "--no-rate-limit"], {
		SANDBOX_LISTEN: `127.0.0.1:${port}`, LOG_LEVEL: "warn",
	});
	await listening(port);
	const contender = { origin: `http://127.0.0.1:${port}`, pid: child.pid };
	const known = await prepare(contender.origin);
	const script = (method, authorization, body) => {
		const file = path.join(folder, `sandbox-${method}-${authorization.slice(0, 5)}.lua`);
		writeFileSync(file, `wrk.method = "${method}"\nwrk.headers["Authorization"] = "${authorization}"\n`
			+ (body ? `wrk.headers["Content-Type"] = "application/json"\nwrk.body = [[${JSON.stringify(body)}]]\n` : ""));
		return file;
	};
	const mask = { paths: ["destination.enabled", "destination.config"] };
	const change = { destination: known.destination, update_mask: mask };
	const calls = [
		["get a destination", `/v1beta/${known.name}`, script("GET", known.bearer)],
		["update a destination", `/v1beta/${known.name}`, script("PATCH", known.bearer, change)],
		["renew a token", `/v1beta/${known.install}/token`, script("GET", known.basic)],
	];
	let failed = 0;
	console.log("\n| sandbox, no rate limit | req/s | p99 ms | CPU µs/req | failed |\n|---|---:|---:|---:|---:|");
	for (const [name, url, file] of calls) {
		const run = await load(contender, url, { connections, seconds, script: file });
		failed += run.failed;
		console.log(`| ${name} | ${run.rate.toFixed(0)} | ${run.p99.toFixed(2)} | ${run.cpu.toFixed(0)} | ${run.failed} |`);
	}
	child.kill("SIGTERM");
	return failed === 0;
}
