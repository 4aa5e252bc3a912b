// partnerapp try, and the recorded tries that partnerapp test runs: real processes, and a real upstream for --send.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, describe, test } from "node:test";
import { binary, folder, run, top } from "./harness.mjs";

const ACME = /```lua\n-- lua\/app\/destinations\/acme.lua\n([^]*?)```/.exec(readFileSync(path.join(top, "docs/destinations.md"), "utf8"))[1];
const SECRET = "key-of-a-customer-1";
const EVENT = { type: "track", event: "Signed Up", userId: "u1", properties: { z: 1.0, a: [1, null] } };

/** An app with the destination of the documentation, or another one. */
function app(text = ACME) {
	const { name: place, remove } = folder();
	after(remove);
	mkdirSync(path.join(place, "destinations"));
	writeFileSync(path.join(place, "init.lua"), 'return require("partnerapp").new { destination = "acme" }\n');
	writeFileSync(path.join(place, "destinations/acme.lua"), text);
	return place;
}

const env = { ACME_API_KEY: SECRET };
const tried = (place, args, more = {}) => run(["try", "acme", "--app", place, ...args], { cwd: place, env: { ...env, ...more.env }, input: more.input });

describe("partnerapp try", { concurrency: 2 }, () => {
	test("the destination of the documentation makes its request, and nothing is sent", async () => {
		const place = app();
		const { code, out } = await tried(place, ["track", "-e", "-"], { input: JSON.stringify(EVENT) });
		assert.equal(code, 0);
		assert.match(out, /✓ validation/);
		assert.match(out, /POST https:\/\/api\.acme\.example\/v1\/events/);
		assert.match(out, /authorization: Bearer \*\*\*/);
		assert.match(out, /= would be delivered; nothing was sent/);
		assert.ok(!out.includes(SECRET));
		const { out: json } = await tried(place, ["-e", "-", "--json"], { input: JSON.stringify(EVENT) });
		const [action] = JSON.parse(json).actions;
		// Members keep their order, and numbers are JavaScript's.
		assert.equal(action.requests[0].body, '{"event":"Signed Up","user":"u1","properties":{"z":1,"a":[1,null]}}');
		assert.equal(action.outcome.delivered, true);
	});

	test("samples, changes, settings and mappings", async () => {
		const place = app();
		for (const type of ["track", "identify", "page", "screen", "group", "alias"]) {
			assert.equal((await tried(place, ["--sample", type])).code, 0, type);
		}
		const { out } = await tried(place, ["--set", "properties.total=5", "--set", "event=Other name", "--json"]);
		assert.match(JSON.parse(out).actions[0].requests[0].body, /^{"event":"Other name".*"total":5/);
		const mapping = path.join(place, "mapping.json");
		writeFileSync(mapping, JSON.stringify({ event: { "@template": "{{event}}!" } }));
		const mapped = await tried(place, ["track", "--mapping", mapping, "--json"]);
		assert.equal(JSON.parse(mapped.out).actions[0].requests[0].body, '{"event":"Order Completed!"}');
	});

	test("--answer says what the partner answers, request by request; a recorded try brings its answers", async () => {
		const place = app(ACME.replace('return request:post("/events", { json = data.payload })',
			'local made = request:post("/events", { json = data.payload })\nreturn request:put("/events/" .. made.data.id)'));
		const { code, out } = await tried(place, ["--answer", '201 {"id": "e-7"}', "--answer", "429 later", "--save", "busy"]);
		assert.match(out, /POST [^]*not sent; the answer was given: 201 {"id": "e-7"}[^]*PUT \S+\/v1\/events\/e-7\n[^]*was given: 429 later\n= not delivered: 429;/);
		assert.equal(code, 1);
		const again = await tried(place, ["--test", "busy", "--json"]);
		const [action] = JSON.parse(again.out).actions;
		assert.deepEqual(action.requests.map((one) => [one.sent, one.answer.status]), [[false, 201], [false, 429]]);
		assert.equal((await run(["test", place], { cwd: place })).code, 0);
		const other = await tried(place, ["--test", "busy", "--answer", '{"id": "e-8"}']);
		assert.match(other.out, /PUT \S+\/e-8\n[^]*= would be delivered/);
		for (const [words, said] of [
			[["--answer", '{"id": 7'], /try: the answer \{"id": 7: bad JSON at line 1/],
			[["--answer", "100"], /try: an answer has a status from 200 to 599, not 100/],
			[["--answer", "404", "--send"], /try: --answer is for a try that does not send: not with --send/],
		]) {
			const wrong = await tried(place, words);
			assert.match(wrong.err, said);
			assert.equal(wrong.code, 2);
		}
	});

	test("a recorded try whose action is gone fails, and no update hides that", async () => {
		const place = app();
		await tried(place, ["track", "--save", "kept"]);
		writeFileSync(path.join(place, "destinations/acme.lua"), ACME.replace('"track",', '"send",'));
		for (const more of [[], ["--update"]]) {
			const { code, out } = await run(["test", place, ...more], { cwd: place });
			assert.match(out, /Acme has no action 'track'[^]*change "action" in \S+\/destinations\/tests\/acme\/kept\.test\.json, or delete the file/);
			assert.equal(code, 1);
		}
	});

	test("without an event the first sample that a trigger takes is tried", async () => {
		for (const [trigger, type] of [['type = "identify"', "identify"], ['name = "Home"', "page"], ['event = "Nothing like it"', "track"]]) {
			const place = app(ACME.replace(/trigger = .*/, `trigger = '${trigger}',`));
			assert.equal(JSON.parse((await tried(place, ["--json"])).out).event.type, type);
		}
	});

	test("--send names the required settings that are not set, and where they belong", async () => {
		const { code, out, err } = await tried(app(), ["--send"], { env: { ACME_API_KEY: "" } });
		assert.match(err, /try: the setting 'api_key' is required: put ACME_API_KEY into \.env, or give --setting api_key=VALUE\n/);
		assert.match(out, /✗ settings +The root value is missing the required field 'api_key'\./);
		assert.equal(code, 1);
	});

	test("a mapping needs no action when there is one only, and takes every event when that has no trigger", async () => {
		const without = ACME.replace(/trigger = .*/, "");
		const place = app(without);
		const mapping = path.join(place, "mapping.json");
		writeFileSync(mapping, JSON.stringify({ event: { "@path": "$.type" } }));
		const none = await tried(place, []);
		assert.equal(none.code, 1);
		assert.match(none.out, /the destination has no mapping: .*--mapping FILE/);
		const given = await tried(place, ["--sample", "page", "--mapping", mapping]);
		assert.equal(given.code, 0, given.err);
		assert.match(given.out, /· trigger {6}the action has no trigger of its own: the mapping takes every event/);
		assert.match(given.out, /"event": "page"/);
		const action = /\t\t{\n\t\t\t"track",[^]*?\n\t\t},\n/.exec(without)[0];
		const two = await tried(app(without.replace(action, action + action.replace('"track"', '"other"'))), ["--mapping", mapping]);
		assert.equal(two.code, 1);
		assert.match(two.err, /try: a mapping is for one action: partnerapp try acme ACTION --mapping FILE/);
	});

	test("a batch of 1,000 events shows its request once", async () => {
		const place = app();
		const events = Array.from({ length: 1000 }, (_, i) => ({ ...EVENT, userId: `u${i}` }));
		const { code, out } = await tried(place, ["--batch", "--json", "-e", "-"], { input: JSON.stringify(events) });
		assert.equal(code, 0);
		const stories = out.trim().split("\n").map((line) => JSON.parse(line));
		assert.equal(stories.length, 1000);
		assert.equal(JSON.parse(stories[0].actions[0].requests[0].body).length, 1000);
		assert.deepEqual(stories[999].actions[0].requests, [{ method: "POST", url: "https://api.acme.example/v1/batch", batch_of_event: 1 }]);
		const { out: text } = await tried(place, ["--batch", "-e", "-"], { input: JSON.stringify(events.slice(0, 2)) });
		assert.match(text, /^event 1\n[^]*\nevent 2\n[^]*POST https:\/\/api\.acme\.example\/v1\/batch, the batch's: see event 1\n/);
	});

	test("mistakes say what was meant, with exit code 1 or 2", async () => {
		const place = app();
		for (const [args, code, message] of [
			[["--sample", "trak"], 1, /there is no sample 'trak': track, identify/],
			[["trak"], 1, /has no action 'trak': did you mean 'track'\?/],
			[["-e", "missing.json"], 1, /missing\.json/],
			[["-e", "x", "--sample", "track"], 2, /one of --event, --sample and --test/],
			[["--set", "x"], 2, /'x' must be NAME=VALUE/],
			[["--save", "../x"], 2, /letters, digits/],
			[["--watch", "--send"], 2, /not with --send/],
			[["--nonsense"], 2, /unknown option '--nonsense'/],
		]) {
			const got = await tried(place, args);
			assert.equal(got.code, code, args.join(" "));
			assert.match(got.err, message);
		}
		const none = await run(["try", "acmee", "--app", place], { cwd: place, env });
		assert.match(none.err, /there is no destination 'acmee': did you mean 'acme'\?/);
		const twice = app(ACME.replace('{ "region"', '{ "apiKey", type = "string" },\n\t\t{ "region"'));
		assert.match((await run(["check", twice], { cwd: twice, env })).err, /the settings 'api_key' and 'apiKey' are both ACME_API_KEY in \.env/);
		const odd = app(ACME.replace('event != "Heartbeat"', "event != null"));
		const warned = await run(["check", odd], { cwd: odd, env });
		assert.equal(warned.code, 0);
		assert.match(warned.err, /warning: destinations\/acme\.lua:\d+: action 'track': the trigger, at character \d+: .*null/);
		const broken = app(ACME.replace("default = path \"$.event\"", "defalt = path \"$.event\""));
		const line = ACME.split("\n").findIndex((text) => text.includes('"event"')) + 1;
		for (const command of [["try", "acme", "--app", broken], ["check", broken]]) {
			const got = await run(command, { cwd: broken, env });
			assert.equal(got.code, 1);
			assert.match(got.err, new RegExp(`destinations/acme\\.lua:${line}: .*unknown option 'defalt': did you mean 'default'\\?`));
		}
	});

	test("bad events: a clear outcome each, and nothing hangs", async () => {
		const place = app();
		for (const [input, message] of [
			["5", /an event is a JSON object/],
			['{"type":"track","event":"A"}', /neither userId nor anonymousId/],
			['{"type":"track","userId":"u"}', /event_not_defined/],
			['{"type":"nonsense","userId":"u"}', /type is nonsense/],
			['{"type":"track","userId":"u","event":"\\u0000"}', /would be delivered/],
			[`{"type":"track","userId":"u","event":"A","properties":${"[".repeat(70)}${"]".repeat(70)}}`, /nested deeper than 64/],
			[JSON.stringify({ ...EVENT, properties: { big: "x".repeat(32 << 10) } }), /would be delivered/],
			[JSON.stringify({ ...EVENT, properties: { big: "x".repeat(10 << 20) } }), /at most 8 MiB|not enough memory/],
			["\xff\xfe", /bad JSON/],
		]) {
			const got = await tried(place, ["-e", "-"], { input });
			assert.match(got.out + got.err, message, input.slice(0, 60));
		}
		const loop = app(ACME.replace('return request:post("/events"', 'while true do end return request:post("/events"'));
		assert.match((await tried(loop, [])).err, /time budget spent/);
	});

	test("--send sends, names the host first, and calls only what scripts may call", async () => {
		const seen = [];
		const upstream = http.createServer((request, response) => {
			let body = "";
			request.on("data", (data) => (body += data)).on("end", () => {
				seen.push({ method: request.method, url: request.url, headers: request.headers, body });
				response.writeHead(429, { "content-type": "application/json", "set-cookie": "a=b" }).end(JSON.stringify({ echo: SECRET }));
			});
		});
		upstream.listen(0, "127.0.0.1");
		await once(upstream, "listening");
		try {
			const origin = `http://127.0.0.1:${upstream.address().port}`;
			const place = app(ACME.replace("https://api.acme.example/v1", origin));
			const denied = await tried(place, ["--send"]);
			assert.match(denied.out, /HTTP_ALLOW|private|denied/);
			assert.equal(seen.length, 0);
			const sent = await tried(place, ["--send", "--save", "limited"], { env: { HTTP_ALLOW: origin } });
			assert.equal(sent.code, 1);
			assert.match(sent.err, new RegExp(`sending: POST ${origin}`));
			assert.match(sent.out, /answered 429 {"echo":"\*\*\*"}/);
			assert.match(sent.out, /not delivered: 429; Segment tries again/);
			assert.deepEqual([seen[0].method, seen[0].url, seen[0].headers.authorization], ["POST", "/events", `Bearer ${SECRET}`]);
			const kept = readFileSync(path.join(place, "destinations/tests/acme/limited.test.json"), "utf8");
			assert.ok(!kept.includes(SECRET) && !kept.includes("set-cookie"));
			assert.deepEqual(JSON.parse(kept).outcomes, ["429"]);
			const tested = await run(["test", place], { cwd: place });
			assert.match(tested.out, /ok 1 - acme: limited # .* s\n1 passed, 0 failed/);
			assert.equal(seen.length, 1);
		} finally {
			upstream.close();
		}
	});

	test("recorded tries: a difference fails line by line, --update takes it over", async () => {
		const place = app();
		assert.equal((await tried(place, ["--save", "first"])).code, 0);
		assert.equal((await tried(place, ["--save", "many", "--batch", "-e", "-"], { input: JSON.stringify([EVENT, EVENT]) })).code, 0);
		assert.match((await run(["test", place], { cwd: place })).out, /2 passed, 0 failed/);
		writeFileSync(path.join(place, "destinations/acme.lua"), ACME.replace('"$.userId"', '"$.anonymousId"').replace("/batch", "/batches"));
		const failed = await run(["test", place], { cwd: place });
		assert.equal(failed.code, 1);
		assert.match(failed.out, /- +"user": "u-1001"/);
		assert.match(failed.out, /\+ +"user": "507f191e810c19729de860ea"/);
		assert.match(failed.out, /\/batches is not listed: did you mean 'POST https:\/\/api\.acme\.example\/v1\/batch'\?/);
		const junit = path.join(place, "results.xml");
		assert.equal((await run(["test", place, "--junit", junit], { cwd: place })).code, 1);
		assert.match(readFileSync(junit, "utf8"), /<testsuite name="partnerapp" tests="2" failures="2"[^]*<testcase name="acme: first" time="[\d.]+">\n\t\t<failure message="request 1 differs">[^]*&quot;user&quot;: &quot;u-1001&quot;/);
		const updated = await run(["test", place, "--update"], { cwd: place });
		assert.equal(updated.code, 0);
		assert.match(updated.out, /\+ +"user": "507f191e810c19729de860ea"/);
		assert.match((await run(["test", place], { cwd: place })).out, /2 passed, 0 failed/);
		assert.equal((await tried(place, ["--test", "first"])).code, 0);
	});

	test("new destination: a file with the catalog's settings, and two recorded tries that pass", async () => {
		const place = app();
		for (const slug of ["beta", "mixpanel", "customer.io", "google-analytics"]) {
			const made = await run(["new", "destination", slug, "--app", place], { cwd: place });
			assert.equal(made.code, 0, made.err);
			assert.match(made.out, new RegExp(`Next: partnerapp try ${slug} --watch`));
			assert.equal((await run(["try", slug, "--app", place], { cwd: place })).code, 0);
		}
		assert.match(readFileSync(path.join(place, "destinations/mixpanel.lua"), "utf8"), /{ "apiKey", type = "password", label = "API Secret" }/);
		const tested = await run(["test", place], { cwd: place });
		assert.match(tested.out, /8 passed, 0 failed/);
		assert.equal((await run(["check", place], { cwd: place })).code, 0);
		const again = await run(["new", "destination", "beta", "--app", place], { cwd: place });
		assert.deepEqual([again.code, /beta\.lua is there already/.test(again.err)], [1, true]);
		for (const slug of ["../x", "myProduct", "init"])
			assert.equal((await run(["new", "destination", slug, "--app", place], { cwd: place })).code, 2, slug);
	});

	/** Runs a command that watches: waits for `first`, changes the destination, waits for `then`, and presses Ctrl-C. */
	async function watched(place, args, first, then) {
		const child = spawn(binary, args, { cwd: place, env: { PATH: process.env.PATH, ...env } });
		let out = "";
		child.stdout.on("data", (data) => (out += data));
		const shows = async (text) => {
			while (!text.test(out)) await once(child.stdout, "data");
		};
		await shows(first);
		writeFileSync(path.join(place, "destinations/acme.lua"), ACME.replace("/events", "/events2"));
		await shows(then);
		child.kill("SIGINT");
		const [code, signal] = await once(child, "exit");
		assert.ok(code === 0 || signal === "SIGINT", `${code} ${signal}`);
	}

	test("try --watch shows how the requests differ after a save, and Ctrl-C ends it", async () => {
		const place = app();
		await watched(place, ["try", "acme", "--app", place, "--watch"], /= would be delivered/,
			/\+ +POST https:\/\/api\.acme\.example\/v1\/events2/);
	});

	test("test --watch runs the tests again after a save", async () => {
		const place = app();
		assert.equal((await tried(place, ["--save", "first"])).code, 0);
		await watched(place, ["test", place, "--watch"], /1 passed, 0 failed/, /0 passed, 1 failed/);
	});
});
