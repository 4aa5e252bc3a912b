// The dashboard's tester and replay, used as nobody should: what is too large, too deep or never ends is said on the
// page, and the server goes on.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { APP_FOLDER, folder, form, freePort, request, startApp, until } from "./harness.mjs";

const APP = `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { env = { PARTNER_URL = "" } }
app:get("/", function(req) return reply.text("the app " .. tostring(req.cookies.own)) end)
app:post("/take", function(req) return reply.text("took " .. #(req.body or "")) end, { csrf = false })
app:get("/call", function() http.get(app.env.PARTNER_URL .. "/call") return reply.text "called" end)
app:get("/raise", function() error "raised on purpose" end)
app:get("/nonsense", function() return 5 end)
return app
`;

const HEAD = (slug) => `local destination = require "partnerapp.destination"
return destination.new { name = "${slug}", slug = "${slug}", settings = {}, actions = { { "track", title = "Track", trigger = 'type = "track"',
	fields = { { "event", type = "string", label = "Event", default = { ["@path"] = "$.event" } } },
`;

const PERFORMS = {
	good: 'return request:post("https://acme.example/e", { json = data.payload })',
	loops: "while true do pcall(function() while true do end end) end",
	raises: 'error({ "a table" })',
	thousand: 'for i = 1, 1000 do request:post("https://acme.example/" .. i, { json = data.payload }) end',
	nonsense: "return function() end, coroutine.create(print), 0/0",
	cyclic: "local t = {} t.t = t return t",
	memory: 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end',
	huge: 'return request:post("https://acme.example/e", { json = { text = ("W"):rep(4 << 20) } })',
};

const MANY = (name, count) => `local destination = require "partnerapp.destination"
local fields = {}
for i = 1, ${count} do fields[i] = { "field" .. i, type = "string", label = "Field " .. i, default = { ["@path"] = "$.event" } } end
return destination.new { name = "${name}", slug = "${name}", settings = {}, actions = { { "track", title = "Track", trigger = 'type = "track"',
	fields = fields, perform = function(request, data) return request:post("https://acme.example/e", { json = data.payload }) end } } }
`;

const track = (event = "E") => JSON.stringify({ type: "track", event, userId: "u", messageId: "m" });
const deep = (depth) => `{"type":"track","event":"E","properties":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

describe("the dashboard, abused", { concurrency: 1 }, () => {
	let app, place, upstream, closed;
	const calls = [];
	const file = (name) => path.join(place.name, APP_FOLDER, "destinations", `${name}.lua`);

	before(async () => {
		place = folder();
		mkdirSync(path.dirname(file("x")), { recursive: true });
		for (const [name, body] of Object.entries(PERFORMS))
			writeFileSync(file(name), `${HEAD(name)}perform = function(request, data) ${body} end } } }\n`);
		for (const [name, count] of [["some", 200], ["many", 5000]]) writeFileSync(file(name), MANY(name, count));
		const keyed = HEAD("keyed").replace("settings = {}", 'settings = { { "api_key", type = "password", label = "API key", required = true } }');
		upstream = http.createServer((req, res) => {
			calls.push(`${req.method} ${req.url}`);
			if (req.url === "/away") return res.writeHead(302, { location: "/target" }).end();
			req.resume().on("end", () => res.writeHead(200).end("upstream"));
		}).listen(0, "127.0.0.1");
		await once(upstream, "listening");
		const to = `http://127.0.0.1:${upstream.address().port}`;
		writeFileSync(file("keyed"), `${keyed}perform = function(request, data)
			return request:post("${to}/e?key=" .. data.settings.api_key, { json = data.payload }) end } } }\n`);
		const port = await freePort();
		closed = `http://127.0.0.1:${await freePort()}`;
		app = await startApp(APP, { place, env: {
			LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: `http://localhost:${port}`, PARTNER_URL: to, KEYED_API_KEY: "key-of-env",
			HTTP_ALLOW: `${to},${closed}`,
		} });
		app.url = `http://localhost:${port}`;
	});
	after(async () => {
		await app?.stop();
		upstream.closeAllConnections();
		upstream.close();
		place.remove();
	});

	const html = { accept: "text/html" };
	const open = (address, options = {}) => request(app.url + address, { ...options, headers: { ...html, ...options.headers } });
	let csrf;
	const send = async (address, fields, headers = {}) => {
		csrf ??= (await open("/dashboard/tester/good")).text.match(/name="csrf" value="([^"]*)"/)[1];
		const sent = form({ csrf, ...fields });
		return open(address, { ...sent, headers: { ...sent.headers, ...headers } });
	};
	const tries = (name, fields) => send(`/dashboard/tester/${name}`, { do: "run", event: track(), ...fields });
	const goesOn = async () => assert.match((await tries("good")).text, /Would be delivered/);

	test("events: 900 KB, more than a request may have, deep, and no event at all", async () => {
		const large = await tries("good", { event: track("W".repeat(900 << 10)) });
		assert.equal(large.status, 200, large.text.slice(0, 500));
		assert.match(large.text, /Not delivered|Would be delivered/);
		assert.equal((await tries("good", { event: track("W".repeat(1100 << 10)) })).status, 413);
		for (const [depth, wanted] of [[40, /Would be delivered|Not delivered/], [60, /Would be delivered|Not delivered/], [65, /cannot be read/], [50000, /cannot be read/]]) {
			const answer = await tries("good", { event: deep(depth) });
			assert.equal(answer.status, 200, `${depth}: ${answer.text.slice(0, 500)}`);
			assert.match(answer.text, wanted, `${depth}`);
		}
		for (const event of ["", "null", "5", '"x"', "[]", "[null]", "[5]", "[[]]", "{}", "{\"type\":null}", "nul", "[{},{},5]"]) {
			const answer = await tries("good", { event });
			assert.equal(answer.status, 200, `${event}: ${answer.text.match(/<main[^]*/)?.[0].slice(0, 600)}`);
		}
		await goesOn();
	});

	test("scripts that never end, raise, eat memory or return nonsense; a thousand requests; a body of 4 MiB", async () => {
		for (const name of Object.keys(PERFORMS)) {
			const answer = await tries(name);
			assert.ok([200, 500, 503].includes(answer.status), `${name}: ${answer.status}`);
			assert.ok(answer.text.length < 8 << 20, `${name}: ${answer.text.length} bytes`);
			if (!["loops", "memory", "huge"].includes(name)) assert.equal(answer.status, 200, `${name}: ${answer.text.match(/<main[^]*/)?.[0].slice(0, 600)}`);
			await goesOn();
		}
	});

	test("a mapping with 200 fields is shown and run; of one with 5,000 the page says that they are too many", async () => {
		for (const [name, count] of [["some", 200], ["many", 5000]]) {
			const page = await open(`/dashboard/tester/${name}?action=track`);
			assert.equal(page.status, 200, page.text.match(/<main[^]*/)?.[0].slice(0, 600));
			const fields = Object.fromEntries([...page.text.matchAll(/name="(field\.[^"]+)"/g)].map((one) => [one[1], '"x"']));
			assert.equal(Object.keys(fields).length, count);
			const answer = await tries(name, { action: "track", ...fields });
			if (count === 200) assert.match(answer.text, /Would be delivered/);
			else assert.match(answer.text, /more than 256 fields/);
		}
		await goesOn();
	});

	test("two tabs keep a test of one name: one is kept; a form of before a save still works", async () => {
		const kept = await Promise.all([1, 2, 3].map((i) => tries("good", { do: "keep", name: "same", event: track(`tab ${i}`) })));
		assert.equal(kept.filter((one) => /Kept in/.test(one.text)).length, 1);
		assert.equal(kept.filter((one) => /choose another name/.test(one.text)).length, 2);
		for (const name of ["../x", "a/b", "", "x".repeat(101), ".", "a\0b", "ä"])
			assert.doesNotMatch((await tries("good", { do: "keep", name })).text, /Kept in/, name);
		const before = readFileSync(file("good"), "utf8");
		await app.logs('"reloaded', () => writeFileSync(file("good"), before.replaceAll('"event"', '"renamed"')));
		const answer = await tries("good", { action: "track", "field.event": '{"@path":"$.event"}', "field.gone": "1", mapping: "preset gone" });
		assert.equal(answer.status, 200);
		assert.match(answer.text, /Would be delivered/);
		await app.logs('"reloaded', () => writeFileSync(file("good"), before));
	});

	const exchangeOf = (text) => until(async () => (await open(`/dashboard/traffic?q=${text}`)).text
		.match(/href="(\/dashboard\/traffic\/\d+)"/)?.[1], Boolean);
	const again = async (address, draft) => {
		const answer = await send(`${address}/replay`, { method: "GET", url: "/", headers: "", body: "", do: "ask", ...draft });
		return { status: answer.status, text: answer.text, code: Number(answer.text.match(/Answer: (\d+)/)?.[1]) };
	};

	test("replay to the app: large bodies, HEAD, unknown methods, paths that the gate would refuse, what raises", async () => {
		await request(`${app.url}/take`, { method: "POST", body: "x".repeat(256 << 10), headers: { "content-type": "text/plain" } });
		const inside = await exchangeOf("/take");
		assert.match((await open(`${inside}/replay`)).text, /x{1000}/);
		const taken = await again(inside, { method: "POST", url: "/take", body: "x".repeat(256 << 10) });
		assert.match(taken.text, /took 262144/);
		assert.equal((await again(inside, { method: "HEAD" })).code, 200);
		for (const [draft, wanted] of [
			[{ method: "BREW" }, [404, 405, 501]], [{ method: "OPTIONS" }, [200, 204, 404, 405]], [{ url: "/raise" }, [500]], [{ url: "/nonsense" }, [500]],
			[{ url: "/nothing" }, [404]], [{ url: "/?a=%zz" }, [200, 400]], [{ url: "/%00" }, [400, 404]], [{ url: "//evil.example/" }, [400, 404]],
			[{ url: "/static/%2e%2e/%2e%2e/init.lua" }, [400, 404]], [{ url: "/static/../init.lua" }, [400, 404]], [{ url: "/static/%2e%2e%2finit.lua" }, [400, 404]],
			[{ url: `/${"x".repeat(20000)}` }, [400, 404, 414]], [{ headers: "host: evil.example" }, [200]], [{ headers: "cookie: own=mine" }, [200]],
		]) {
			const { code, text } = await again(inside, draft);
			assert.ok(wanted.includes(code), `${JSON.stringify(draft).slice(0, 100)}: ${code} ${text.match(/role="alert"[^<]*<?/)?.[0]}`);
		}
		for (const draft of [{ method: "get" }, { method: "" }, { url: "http://evil.example/" }, { url: "" }, { headers: "no header" }, { headers: "a b: c" }])
			assert.ok([422].includes((await again(inside, draft)).status), JSON.stringify(draft));
		const doubled = await again(inside, { headers: "cookie: own=stored", });
		assert.match(doubled.text, /the app nil/);
		await goesOn();
	});

	test("replay out: a redirect is shown and not followed with a body, a closed port and a private address are said", async () => {
		await request(`${app.url}/call`);
		const call = await exchangeOf("/call&direction=out");
		const to = app.settings.PARTNER_URL;
		const count = calls.length;
		const asked = await again(call, { url: `${to}/never`, method: "POST", body: "x" });
		assert.match(asked.text, /Send for real\?/);
		assert.match(asked.text, new RegExp(`POST ${to}`));
		assert.equal(calls.length, count, "a question sent something");
		const away = await again(call, { url: `${to}/away`, do: "send" });
		assert.equal(away.code, 302);
		assert.equal(calls.at(-1), "GET /away");
		assert.equal((await again(call, { url: `${to}/x`, method: "HEAD", do: "send" })).code, 200);
		assert.equal(calls.at(-1), "HEAD /x");
		assert.match((await again(call, { url: `${closed}/`, do: "send" })).text, /No answer: /);
		for (const url of ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[fd00::1]/", "http://192.168.0.1:8080/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "", "/x", "http://"]) {
			const { status, text } = await again(call, { url, do: "send" });
			assert.equal(status, 422, url);
			assert.match(text, /No answer: |role="alert"/, url);
		}
	});

	test("a client cannot keep a request that changes something out of the exchanges", async () => {
		await request(`${app.url}/take?hidden=1`, { method: "POST", headers: { "x-live": "1", "x-part": "story" } });
		await exchangeOf("hidden=1");
	});

	test("a password that was typed before the question is not replaced by another one when it is sent for real", async () => {
		const address = "/dashboard/tester/keyed", event = track();
		const asked = await send(address, { do: "ask", event, "setting.api_key": "typed-key" });
		assert.match(asked.text, /Send for real\?[^]*name="typed\.setting\.api_key" value="1"[^]*Type passwords again/);
		assert.ok(!asked.text.includes("typed-key"));
		const count = calls.length;
		const empty = await send(address, { do: "send", event, "setting.api_key": "", "typed.setting.api_key": "1" });
		assert.match(empty.text, /Not sent: API key is empty/);
		assert.equal(calls.length, count);
		const sent = await send(address, { do: "send", event, "setting.api_key": "typed-key", "typed.setting.api_key": "1" });
		assert.match(sent.text, /Delivered/);
		assert.deepEqual(calls.slice(count), ["POST /e?key=typed-key"]);
		await send(address, { do: "send", event, "setting.api_key": "" });
		assert.equal(calls.at(-1), "POST /e?key=key-of-env", "what was not typed comes from .env");
		const check = await send("/dashboard/destinations/keyed", { do: "send", "setting.api_key": "", "typed.setting.api_key": "1" });
		assert.match(check.text, /Not sent: API key is empty/);
	});

	test("HT-02 replay is no way around the gate: the dashboard and its login", async () => {
		const PASSWORD = "correct horse battery staple";
		const env = { PUBLIC_URL: "https://app.example", SECRET_KEY: "0".repeat(64), ADMIN_PASSWORD: PASSWORD, TRAFFIC: "on" };
		const host = { host: "app.example", ...html };
		const second = await startApp(APP, { env });
		try {
			const login = form({ password: PASSWORD });
			const cookie = (await request(`${second.url}/dashboard/login`, { ...login, headers: { ...login.headers, ...host } })).headers["set-cookie"][0].split(";")[0];
			const ask = (address, options = {}) => request(second.url + address, { ...options, headers: { ...host, ...options.headers, cookie } });
			await request(`${second.url}/take`, { method: "POST", headers: host, body: "x" });
			const page = await until(() => ask("/dashboard/traffic?q=/take"), (one) => /\/traffic\/\d+"/.test(one.text));
			const address = page.text.match(/href="(\/dashboard\/traffic\/\d+)"/)[1];
			const token = page.text.match(/name="csrf" value="([^"]*)"/)[1];
			const replay = async (draft) => {
				const sent = form({ csrf: token, method: "GET", url: "/dashboard", headers: "", body: "", do: "ask", ...draft });
				return (await ask(`${address}/replay`, sent)).text;
			};
			for (const draft of [
				{}, { url: "/dashboard/installs" }, { url: "/%64ashboard" }, { headers: `cookie: ${cookie}` }, { headers: `Cookie: ${cookie}\nX-Forwarded-For: 127.0.0.1` },
				{ method: "POST", url: "/dashboard/installs/x/disconnect", headers: "content-type: application/json", body: "{}" },
			])
				assert.match(await replay(draft), /Answer: 401/, JSON.stringify(draft));
			assert.match(await replay({ url: "/metrics" }), /Answer: 401/);
			const headers = "content-type: application/x-www-form-urlencoded";
			const inside = await replay({ method: "POST", url: "/dashboard/login", headers, body: login.body });
			assert.match(inside, /Answer: 303[^]*set-cookie: __Host-partnerapp_443_administrator=\*\*\*/);
			assert.ok(!inside.includes(login.body.split("=")[1]), "the password is on the page");
			for (let i = 0; i < 6; i++) await replay({ method: "POST", url: "/dashboard/login", headers, body: `password=wrong${i}` });
			assert.match(await replay({ method: "POST", url: "/dashboard/login", headers, body: login.body }), /Answer: 429/);
		} finally {
			await second.end();
		}
	});
});
