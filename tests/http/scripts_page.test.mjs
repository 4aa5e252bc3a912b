// The page about scripts is true: its Lua and its views are put into an app and run, and what it shows of the log and of
// a failing test is what the program prints.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, describe, test } from "node:test";
import { binary, folder, freePort, request, run, top } from "./harness.mjs";
import { AT_A_TERMINAL, terminal } from "./terminal.mjs";

const PAGE = readFileSync(path.join(top, "docs/scripts.md"), "utf8");

/** The code blocks of one language, in their order; "" is output. */
const blocks = (language) =>
	[...PAGE.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , text]) => text);

const block = (language, has) => {
	const found = blocks(language).filter((text) => text.includes(has));
	assert.equal(found.length, 1, `one block '${language}' with ${has}`);
	return found[0];
};

/** A folder with an app of these files, by their paths. */
function app(files) {
	const { name: place, remove } = folder();
	after(remove);
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
		writeFileSync(path.join(place, name), text);
	}
	return place;
}

const FIRST = block("lua", "Hello, ");
const CASE = block("lua", "testing.case(");
const PARTS = blocks("lua").filter((text) => text !== FIRST && text !== CASE);
const END = "return app\n";
const APP = `${FIRST.slice(0, -END.length)}
${PARTS.join("\n")}
local segment = require "partnerapp.segment"
app:get("/names", function()
	local names, count = names_of(segment.new { token = "t" }, "workspaces/w")
	return reply.json { names = names, count = count }
end)
app:get("/user", function()
	local user, err = create_user "ann"
	return reply.json { user = user, err = err }
end)
app:get("/notes", function(req)
	return ${PAGE.match(/`(reply\.view\("notes", [^`]*)`/)[1]}
end)
app:post("/notes", function(req)
	return reply.view("notes", { title = "Notes", notes = { req.form.note }, saved = true, csrf = req:csrf_field() })
end)
${END}`;

const TESTS = `local installs = require "partnerapp.installs"
local testing = require "partnerapp.testing"
local API = "https://platform.segmentapis.com/v1beta/workspaces/w/sources"

testing.case("the beginning", function(t)
	t.equal(testing.client():get("/hello/ann").body, "Hello, ann\\n")
end)

testing.case("flows", function(t)
	local paths = {}
	for i, flow in ipairs(require("init"):flows()) do
		paths[i] = flow.path
	end
	t.same(paths, { "/auth/report", "/auth/example", "/auth/atlassian", "/auth/apple" })
end)

testing.case("lists", function(t)
	testing.network { ["GET " .. API] = { json = { sources = { { name = "a" }, { name = "b" } }, next_page_token = "" } } }
	t.same(testing.client():get("/names"):json(), { names = { "a", "b" }, count = 2 })
end)

testing.case("calls to other servers", function(t)
	local users = "POST https://api.example.com/users"
	local network = testing.network { [users] = { status = 201, json = { id = 7 } } }
	t.same(testing.client():get("/user"):json(), { user = { id = 7 } })
	t.equal(network.calls[1].json.name, "ann")
	testing.network { [users] = { status = 500 } }
	t.equal(testing.client():get("/user"):json().err, "the API answered 500")
end)

testing.case("SQL", function(t)
	for count = 1, 2 do
		t.equal(testing.client():get("/count"):json().count, count)
	end
end)

testing.case("views", function(t)
	local page = testing.client():get("/notes").body
	t.contains(page, "<title>Notes</title>")
	t.contains(page, "<li>one</li>")
	t.contains(page, 'name="csrf"')
	t.lacks(page, "Saved.")
	local saved = testing.client():post("/notes", { form = { note = "<b>" } }).body
	t.contains(saved, '<p role="status">Saved.</p>')
	t.contains(saved, "<li>&lt;b&gt;</li>")
end)

testing.case("what browsers load for a page", function(t)
	local policy = testing.client():get("/notes").headers["content-security-policy"]
	t.contains(policy, "img-src 'self' data: https://cdn.example.com;")
	t.contains(policy, "connect-src 'self' https://api.example.com")
end)

testing.case("actions", function(t)
	local app = require "init"
	local install = assert(installs.save({
		access_token = "t", expires_in = 3600, name = "installs/7", source = "workspaces/w/sources/s",
	}, { client = { id = "c" }, scope = "workspace", redirect_uri = "http://localhost:8888/x" }))
	local network = testing.network { ["POST " .. API .. "/s/destinations"] = { json = { enabled = true } } }
	t.equal(app.actions.enable(install, { plan = "pro" }).enabled, true)
	t.equal(network.calls[1].json.destination.enabled, true)
end)
`;

/** Without what differs from run to run. */
const steady = (text) => text
	.replace(/\r/g, "").replace(/^\d\d:\d\d:\d\d /gm, "00:00:00 ").replace(/\d+\.\d ms/g, "N ms").replace(/\d\.\d{3} s/g, "N s");

describe("docs/scripts.md", { concurrency: 2 }, () => {
	test("no block of the page is left out by the tests", () => {
		const languages = ["lua", "html", ""];
		const known = languages.flatMap(blocks).length;
		assert.equal(PAGE.match(/^```/gm).length, 2 * known, "a block of another language");
		assert.deepEqual(languages.map((language) => blocks(language).length), [10, 2, 3]);
	});

	test("its scripts and views make an app that check finds fine and whose tests pass", async () => {
		const place = app({
			"init.lua": APP,
			"views/notes.html": block("html", "layout"),
			"views/note.html": block("html", "{{ note }}"),
			"tests/page_test.lua": CASE,
			"tests/more_test.lua": TESTS,
		});
		const checked = await run(["check"], { cwd: place });
		assert.deepEqual([checked.code, /\bwarning\b/.test(checked.err)], [0, false], checked.err);
		const { code, out } = await run(["test"], { cwd: place });
		assert.equal(code, 0, out);
		assert.match(out, /^9 passed, 0 failed$/m);
	});

	test("a failing test looks as it says", async () => {
		const place = app({
			"init.lua": `local http = require "partnerapp.http"
local log, reply = require "partnerapp.log", require "partnerapp.reply"
local app = require("partnerapp").new {}
local function load()
	local list = http.get("https://platform.segmentapis.com/v1beta/workspaces/acme/source") or nil
	log.warn("the list is empty", { workspace = "acme" })
	print { id = 7 }
	return list.sources
end

app:get("/other", function() return reply.text "other" end)
app:get("/sources", function()
	local list = load()
	return reply.json(list)
end)
return app
`,
			"tests/app_test.lua": `local testing = require "partnerapp.testing"
testing.case("another page", function(t)
	t.equal(testing.client():get("/other").body, "other")
end)

testing.case("the page shows the sources", function(t)
	testing.network {
		["GET https://platform.segmentapis.com/v1beta/workspaces/acme/sources"] = { json = {} },
	}
	local client = testing.client()

	t.equal(client:get("/sources").status, 200)
end)
`,
		});
		const { code, out } = await run(["test"], { cwd: place });
		assert.equal(code, 1);
		assert.equal(steady(out.split("\n").slice(2).join("\n")), steady(block("", "not ok 2")));
	});

	test("check prints what it says", async () => {
		const place = app({
			"init.lua": `local app = require("partnerapp").new {}
local reply = require "partnerapp.reply"
${"\n".repeat(8)}app:get("/", function()
	return reply.view "hmoe"
end)
return app
`,
			"pages.lua": `local pages = {}
${"\n".repeat(4)}function pages.name()
	return nmae
end
pages.other = function() return nmae end
return pages
`,
			"views/home.html": "",
			"static/film.mp4": "",
		});
		truncateSync(path.join(place, "static/film.mp4"), 104 << 20);
		const { code, err } = await run(["check"], { cwd: place });
		assert.equal(code, 1);
		assert.equal(err.split("\n").slice(1).join("\n").trim(), block("", "film.mp4").trim());
	});

	test("the log of a terminal looks as it says", AT_A_TERMINAL, async (t) => {
		const upstream = createServer((_, answer) => answer.end("{}")).listen(0, "127.0.0.1");
		await once(upstream, "listening");
		t.after(() => upstream.close());
		const origin = `http://127.0.0.1:${upstream.address().port}`;
		const place = app({
			"init.lua": `local http, reply = require "partnerapp.http", require "partnerapp.reply"
local app = require("partnerapp").new {}
app:get("/installs/:id", function()
	http.get "${origin}/v1beta/workspaces/acme/sources"
	return reply.text "x"
end)
local function load(x)
	return x.name
end

app:get("/boom", function()
	local name = load()
	return reply.text(name)
end)
app:post("/installs/:id/rename", function() return reply.empty() end)
return app
`,
		});
		const port = await freePort(), url = `http://localhost:${port}`;
		const it = terminal(t, 'exec "$PARTNERAPP" serve', {
			cwd: place,
			env: { PARTNERAPP: binary, CLIENT_ID: "c", CLIENT_SECRET: "secret-of-c", LISTEN: `127.0.0.1:${port}`, WORKERS: "16",
				HTTP_ALLOW: origin, NO_COLOR: "1" },
		});
		await it.shows("Register this redirect URI");
		const shown = block("", "app: GET /installs/7");
		const ids = [...new Set(shown.match(/[0-9a-f]{16}$/gm))];
		for (const [index, [target, options]] of [
			["/installs/7", {}],
			["/installs/7/rename", { method: "POST", headers: { "sec-fetch-site": "cross-site" } }],
			["/boom", {}],
		].entries()) {
			await request(url + target, { ...options, headers: { ...options.headers, "x-request-id": ids[index] } });
			await it.shows(ids[index]); // the line of a request is written after its answer, maybe during the next request
		}
		await it.shows("GET /boom 500");
		await it.shows(`ms  ${ids[2]}`);
		const log = it.shown.slice(it.shown.indexOf("/auth/segment/callback") + "/auth/segment/callback".length).trimStart();
		const want = shown.replaceAll("https://platform.segmentapis.com", origin);
		assert.equal(steady(log), steady(want));
	});
});
