// Logging in to the dashboard with ADMIN_PASSWORD, over real sockets: passwords of any bytes, guesses, cookies that are
// not the server's own, and what a page of another site may not do.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { form, json, request, startApp, withApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/", function() return reply.text "the app" end)
return app
`;

// With bytes that forms and logs have to encode.
const PASSWORD = "correct + horse & %41 pâss\"word'\\ <b>";
const SECRET_KEY = "0".repeat(64);
const env = { PUBLIC_URL: "https://app.example", SECRET_KEY, ADMIN_PASSWORD: PASSWORD, TRUSTED_PROXIES: "127.0.0.1" };
const host = { host: "app.example" };

let network = 0;

/** Another client's address for each call: each may guess for itself. */
const elsewhere = () => ({ ...host, "x-forwarded-for": `198.51.${(network += 1)}.7` });

function logIn(server, password, headers = elsewhere()) {
	const sent = form({ password, next: "/dashboard" });
	return request(`${server.url}/dashboard/login`, { ...sent, headers: { ...sent.headers, ...headers } });
}

const cookieOf = (answer) => answer.headers["set-cookie"][0].split(";")[0];
const page = (server, cookie, path = "/dashboard") => request(server.url + path, { headers: { ...host, ...(cookie && { cookie }) } });

describe("the login to the dashboard", () => {
	let server;
	before(async () => (server = await startApp(APP, { env })));
	after(() => server.end());

	test("HT-01 HT-28 only the password itself opens it, and the cookie is for this host and this site alone", async () => {
		const answer = await logIn(server, PASSWORD);
		assert.deepEqual([answer.status, answer.location], [303, "/dashboard"]);
		const [line] = answer.headers["set-cookie"];
		assert.match(line, /^__Host-partnerapp_443_administrator=[\w-]{43};/);
		for (const part of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=43200"])
			assert.ok(line.includes(part), `${part} is not in ${line}`);
		assert.doesNotMatch(line, /domain/i);
		assert.equal((await page(server, cookieOf(answer))).status, 200);
		assert.equal((await logIn(server, PASSWORD.toUpperCase())).status, 401);
		assert.equal((await logIn(server, PASSWORD.slice(0, -1))).status, 401);
		assert.equal((await logIn(server, `${PASSWORD} `)).status, 401);
		assert.equal((await logIn(server, "")).status, 401);
	});

	test("HT-28 bodies that are no password: NUL, bytes that are not UTF-8, 1 MB, other types, none", async () => {
		const send = async (body, type = "application/x-www-form-urlencoded") => {
			const headers = { ...elsewhere(), "content-type": type };
			const answer = await request(`${server.url}/dashboard/login`, { method: "POST", headers, body });
			assert.equal(answer.headers["set-cookie"], undefined, `${body?.slice(0, 40)}`);
			return answer.status;
		};
		const right = encodeURIComponent(PASSWORD);
		for (const body of [`password=${right}%00`, "password=%ff%fe", `password=${right}%c3`, "password=%zz"])
			assert.ok([400, 401].includes(await send(body)), body);
		assert.equal(await send(`password=${"x".repeat((1 << 20) - 20)}`), 401);
		assert.equal(await send(`password=${right.repeat(9000)}`), 401);
		assert.equal(await send(`password=wrong&password=${right}`), 401);
		assert.equal(await send(`PASSWORD=${right}`), 401);
		assert.equal(await send(undefined), 401);
		for (const type of ["application/json", "multipart/form-data; boundary=x", "text/plain"])
			assert.equal(await send(JSON.stringify({ password: PASSWORD }), type), 415, type);
		const get = await page(server, null, `/dashboard/login?password=${right}`);
		assert.equal(get.headers["set-cookie"], undefined);
	});

	test("HT-02 a cookie that was not given by a login opens nothing, and a login does not keep one", async () => {
		const planted = `__Host-partnerapp_443_administrator=${"A".repeat(43)}`;
		assert.equal((await page(server, planted)).status, 401);
		const answer = await logIn(server, PASSWORD, { ...elsewhere(), cookie: planted });
		assert.notEqual(cookieOf(answer), planted);
		assert.equal((await page(server, planted)).status, 401);
		const own = cookieOf(answer), value = own.split("=")[1];
		for (const other of [
			`administrator=${value}`, `partnerapp_443_administrator=${value}`, `__Secure-partnerapp_443_administrator=${value}`, `__host-partnerapp_443_administrator=${value}`,
			`__Host-partnerapp_443_administrator=${value.slice(0, -1)}`, `__Host-partnerapp_443_administrator=${value}x`, `__Host-partnerapp_443_administrator=%41${value.slice(1)}`,
			`__Host-partnerapp_443_administrator=${planted.slice(-43)}; ${own}x`, "__Host-partnerapp_443_administrator=' OR 1=1 --", `__Host-partnerapp_443_administrator=${"x".repeat(6000)}`,
		]) {
			const shown = await page(server, other);
			assert.ok(shown.status === 401 || shown.status === 400, `${other.slice(0, 60)}: ${shown.status}`);
		}
	});

	test("HT-02 a login at one server is none at another", async () => {
		const own = cookieOf(await logIn(server, PASSWORD));
		await withApp(APP, { env }, async (second) => {
			assert.equal((await page(second, own)).status, 401);
			const theirs = cookieOf(await logIn(second, PASSWORD));
			assert.equal((await page(second, theirs)).status, 200);
			assert.equal((await page(server, theirs)).status, 401);
		});
	});

	test("HT-02 a logout ends that login in every browser that has its cookie, and a new password all of them", async () => {
		const first = cookieOf(await logIn(server, PASSWORD)), second = cookieOf(await logIn(server, PASSWORD));
		const { text } = await page(server, first);
		const sent = form({ csrf: text.match(/name="csrf" value="([^"]*)"/)[1] });
		const headers = { ...sent.headers, ...host };
		assert.equal((await request(`${server.url}/dashboard/logout`, { ...sent, headers: { ...headers, cookie: second } })).status, 403);
		assert.equal((await request(`${server.url}/dashboard/logout`, { ...sent, headers: { ...headers, cookie: first } })).status, 303);
		assert.deepEqual([(await page(server, first)).status, (await page(server, second)).status], [401, 200]);
		await server.stop();
		server = await startApp(APP, { env: { ...env, ADMIN_PASSWORD: "another password of the app" }, place: { name: server.cwd, remove: server.remove } });
		const wasIn = await page(server, second);
		await server.stop();
		server = await startApp(APP, { env, place: { name: server.cwd, remove: server.remove } });
		assert.equal(wasIn.status, 401, "who knew the old password is still in after it was changed");
	});

	test("HT-04 no page of another site logs a browser in, or uses a login", async () => {
		const own = cookieOf(await logIn(server, PASSWORD));
		const { text } = await page(server, own);
		const csrf = text.match(/name="csrf" value="([^"]*)"/)[1];
		for (const headers of [
			{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "https://evil.example" }, { origin: "null" },
			{ origin: "http://app.example" }, { origin: "https://app.example.evil.example" },
		]) {
			const login = await logIn(server, PASSWORD, { ...elsewhere(), ...headers });
			assert.deepEqual([login.status, login.headers["set-cookie"]], [403, undefined], JSON.stringify(headers));
			for (const path of ["/dashboard/logout", "/dashboard/installs/x/disconnect", "/dashboard/tester/acme", "/dashboard/traffic/1/replay"]) {
				for (const sent of [form({ csrf }), json({ csrf })]) {
					const answer = await request(server.url + path, { ...sent, headers: { ...sent.headers, ...host, cookie: own, ...headers } });
					assert.equal(answer.status, 403, `${path} ${JSON.stringify(headers)}`);
				}
			}
		}
		for (const path of ["/dashboard/logout", "/dashboard/installs/x/disconnect", "/dashboard/installs/x/renew", "/dashboard/installs/x/run"])
			assert.ok([404, 405].includes((await page(server, own, path)).status) || path.endsWith("/disconnect"), path);
		assert.equal((await page(server, own)).status, 200);
	});

	test("HT-06 HT-07 every answer of the dashboard: not framed, not cached, no address of it in a referrer", async () => {
		const own = cookieOf(await logIn(server, PASSWORD));
		for (const cookie of [null, own]) {
			for (const path of [
				"", "/login", "/scripts", "/installs", "/installs/x", "/destinations", "/destinations/acme", "/tester", "/tester/acme",
				"/traffic", "/traffic/version", "/traffic/1", "/traffic/1/har", "/deliveries", "/deliveries/x", "/nothing",
			]) {
				for (const accept of ["text/html", "application/json"]) {
					const headers = { ...host, accept, ...(cookie && { cookie }) };
					const answer = await request(`${server.url}/dashboard${path}`, { headers });
					const what = `${path} ${answer.status} ${accept}`;
					assert.match(answer.headers["cache-control"] ?? "", /no-store/, what);
					assert.equal(answer.headers["x-content-type-options"], "nosniff", what);
					assert.match(answer.headers["referrer-policy"] ?? "", /^(no-referrer|same-origin|strict-origin)/, what);
					assert.equal(answer.headers["access-control-allow-origin"], undefined, what);
					if (!/html/.test(answer.headers["content-type"] ?? "")) continue;
					const policy = answer.headers["content-security-policy"] ?? "";
					for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "script-src 'self'"])
						assert.ok(policy.includes(part), `${what}: ${policy}`);
					assert.equal(answer.headers["cross-origin-opener-policy"], "same-origin", what);
				}
			}
		}
	});

	test("HT-28 guesses from thirty networks together get no more than one each second", async () => {
		const begun = Date.now(), counts = { 401: 0, 429: 0 };
		for (let i = 0; i < 120; i += 4) {
			const guess = (j) => logIn(server, `guess ${i + j}`, { ...host, "x-forwarded-for": `203.0.${(i + j) % 30}.9` });
			for (const answer of await Promise.all([0, 1, 2, 3].map(guess))) {
				counts[answer.status]++;
				if (answer.status === 429) assert.ok(Number(answer.headers["retry-after"]) > 0);
			}
		}
		const most = 20 + Math.ceil((Date.now() - begun) / 1000);
		assert.ok(counts[401] <= most && counts[401] + counts[429] === 120, JSON.stringify({ ...counts, most }));
	});
});
