// The page about destinations is true: its files are put into an app, and its commands are run there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { during, folder, freePort, request, run, start, top } from "./harness.mjs";

const PAGE = readFileSync(path.join(top, "docs/destinations.md"), "utf8");

/** The code blocks of one language, in their order. */
const blocks = (language) => [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "g"))].map(([, text]) => text);

const block = (language, has) => {
	const found = blocks(language).filter((text) => text.includes(has));
	assert.equal(found.length, 1, `one block of ${language} with ${has}`);
	return found[0];
};

/** An app with these files, by their paths. */
function app(files) {
	const { name: place, remove } = folder();
	after(remove);
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(place, "lua/app", name)), { recursive: true });
		writeFileSync(path.join(place, "lua/app", name), text);
	}
	return place;
}

const INIT = 'return require("partnerapp").new {}\n';
const ACME = block("lua", "-- lua/app/destinations/acme.lua");
const EVENT = block("json", '"Order Completed"');

describe("docs/destinations.md", { concurrency: 2 }, () => {
	test("no block of the page is left out by the tests", () => {
		// The lists of fields and the tables are compared with Segment's packages in tests/oracle; http/actions runs the
		// commands about Segment's own tools.
		assert.deepEqual(["sh", "lua", "json"].map((language) => blocks(language).length), [4, 4, 3]);
		assert.equal(PAGE.match(/^```\w+$/gm).length, 11);
	});

	test("its commands do what it says, one after the other", async () => {
		const place = app({ "init.lua": INIT });
		writeFileSync(path.join(place, "event.json"), EVENT);
		const commands = block("sh", "partnerapp try acme").trim().split("\n").map((line) => line.replace(/\s+#.*/, ""));
		assert.equal(commands.length, 4);
		for (const command of commands) {
			const words = command.split(" ").slice(1).filter((word) => word !== "--watch"); // which runs until it is stopped
			const { code, err } = await run(words, { cwd: place });
			assert.equal(code, 0, `${command}: ${err}`);
		}
		const { code, out } = await run(["test"], { cwd: place });
		assert.equal(code, 0);
		assert.match(out, /^ok \d+ - acme: signed_up # /m);
	});

	test("its destination is the one that the app ships", () => {
		const shipped = readFileSync(path.join(top, "lua/app/destinations/acme.lua"), "utf8");
		const body = (text) => text.slice(text.indexOf("\n")); // the first line is a comment
		assert.equal(body(ACME), body(shipped));
	});

	test("its case passes", async () => {
		const case_ = block("lua", "testing.try(");
		const place = app({ "init.lua": INIT, "destinations/acme.lua": ACME, "tests/acme_test.lua": case_ });
		const { code, out } = await run(["test"], { cwd: place });
		assert.equal(code, 0, out);
		assert.match(out, /^ok 1 - Acme is asked again after 503 # [^]*^1 passed, 0 failed$/m);
	});

	test("its commands for the shipped destinations do what it says", async () => {
		const place = app({});
		writeFileSync(path.join(place, "message.json"), block("json", "hooks.slack.com"));
		const commands = block("sh", "partnerapp try actions-slack").trim().split("\n").map((line) => line.replace(/\s+#.*/, ""));
		const wanted = [
			/"text": "Order Completed by u-1001"\n[^]*= would be delivered/,
			/POST https:\/\/us\.receiver\.example\/events\n[^]*x-signature: [0-9a-f]{40}\n/,
			/^{\n {2}"name": "Webhook",\n/,
		];
		assert.equal(commands.length, wanted.length);
		for (const [i, command] of commands.entries()) {
			const { code, out, err } = await run([...command.split(" ").slice(1), "--app", path.join(top, "lua/app")], { cwd: place });
			assert.equal(code, 0, `${command}: ${err}`);
			assert.match(out, wanted[i]);
		}
	});

	test("its destination loads without a warning, and is enabled with the app's settings", async () => {
		const place = app({
			"init.lua": `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { env = { ACME_API_KEY = "k" } }
app:get("/enable", function() return reply.json(require("destinations.acme").enable(app.env)) end)
return app
`,
			"destinations/acme.lua": ACME,
			"tests/enable_test.lua": `local testing = require "partnerapp.testing"
testing.case("enable", function(t)
	t.same(testing.client():get("/enable"):json(), { enabled = true, connection_mode = "CLOUD", config = { api_key = "k" } })
end)
`,
		});
		const checked = await run(["check"], { cwd: place });
		assert.equal(checked.code, 0);
		assert.match(checked.out, /^destinations +1 {2}acme\n[^]*^fine\n$/m);
		assert.ok(!checked.err.includes("warning"), checked.err);
		const { code, out } = await run(["test"], { cwd: place });
		assert.equal(code, 0, out);
	});

	test("its calls of the sandbox make a story", async () => {
		const place = app({ "init.lua": INIT, "destinations/acme.lua": ACME });
		const listen = `127.0.0.1:${await freePort()}`;
		const server = await start(["sandbox", "lua/app"], { cwd: place, env: { SANDBOX_LISTEN: listen } });
		await during(async () => {
			const [key] = (await request(`http://${listen}/`)).text.match(/(?<=userworkspace\/sources\/javascript<\/td>\s*<td[^>]*><code>)\w{32}/);
			const script = block("sh", "_sandbox/connections").replaceAll("127.0.0.1:8889", listen).replace(/stories\/ID$/m, 'stories/"$ID"')
				.replace(/^curl (\S*_sandbox\/events) .*$/m, 'ID=$(curl -s $1 | sed \'s/.*"app_story":"\\([A-Za-z0-9_-]*\\)".*/\\1/\')');
			const { status, stdout, stderr } = spawnSync("bash", ["-ec", script.replaceAll("curl ", "curl -s ")],
				{ encoding: "utf8", env: { ...process.env, WRITE_KEY: key } });
			assert.equal(status, 0, stderr);
			assert.match(stdout, /"destination":"Acme/);
		}, () => server.stop());
	});

	test("its recorded try is what --save writes", async () => {
		const place = app({ "init.lua": INIT, "destinations/acme.lua": ACME });
		const shown = JSON.parse(block("json", '"outcomes"'));
		writeFileSync(path.join(place, "event.json"), JSON.stringify(shown.event));
		const { code } = await run(["try", "acme", shown.action, "-e", "event.json", "--save", "shown"], { cwd: place });
		assert.equal(code, 0);
		const made = JSON.parse(readFileSync(path.join(place, "lua/app/destinations/tests/acme/shown.test.json"), "utf8"));
		assert.deepEqual(Object.keys(made), Object.keys(shown));
		assert.match(made.requests[0].body, /^{"event":"Signed Up"/);
		made.requests[0].body = shown.requests[0].body; // the page shows "{…}"
		delete made.requests[0].headers["user-agent"]; // and not all headers
		assert.deepEqual(made, shown);
	});

	test("its handlers of events are tried and recorded, and nothing is sent", async () => {
		const place = app({ "init.lua": block("lua", "app:on(") });
		const env = { WEBHOOK_URL: "https://hooks.partner.example/T0/secret-part" };
		const one = await run(["try", "app", "--sample", "track", "--save", "ok"], { cwd: place, env });
		assert.equal(one.code, 0, one.err);
		assert.match(one.out, /✓ handler {6}handler made 1 request/);
		assert.match(one.out, /POST https:\/\/hooks\.partner\.example\*\*\*/);
		assert.match(one.out, /"text": "Order Completed"/);
		const file = readFileSync(path.join(place, "lua/app/destinations/tests/app/ok.test.json"), "utf8");
		assert.ok(!file.includes("secret-part"));
		assert.equal((await run(["test"], { cwd: place, env })).code, 0);
		// The only destination needs no name.
		const input = '{"type":"track","event":"e","anonymousId":"a"}';
		const wrong = await run(["try", "-e", "-", "--json"], { cwd: place, env, input });
		assert.equal(wrong.code, 1);
		assert.deepEqual(
			[JSON.parse(wrong.out).actions[0].outcome].map(({ code, outcome, retried }) => [code, outcome, retried]),
			[["InvalidEventPayload", "MESSAGE_REJECTED", false]],
		);
		const other = await run(["try", "--sample", "page"], { cwd: place, env });
		assert.equal(other.code, 1);
		assert.match(other.out, /EventNotSupported/);
	});
});
