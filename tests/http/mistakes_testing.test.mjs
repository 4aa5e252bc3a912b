// Mistakes in tests, and in what they test: what `partnerapp test` says of each.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder, run } from "./harness.mjs";

const APP = `local partnerapp = require "partnerapp"
local http = require "partnerapp.http"
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"
local app = partnerapp.new { env = { ACME_TOKEN = "" } }
local function load()
	local record
	return record.name
end
app:get("/boom", function()
	log.info("before", { id = 7, list = { 1, 2 } })
	print("here", { a = 1 })
	local name = load()
	return reply.text(name)
end)
app:get("/call", function()
	local answer, err = http.get "https://api.example/v1/user?key=1"
	if not answer then
		return reply.failed(502, err)
	end
	return reply.json(answer.json())
end)
app:get("/failed", function() return nil, "the thing failed" end)
app:get("/fine", function()
	print "a fine day"
	return reply.text "fine"
end)
app:get("/list", function() return reply.json { 1, { id = 7 } } end)
return app
`;

const HEAD = 'local testing = require "partnerapp.testing"\n';

/** A test file with one case; its body begins in line 3. */
const one = (body) => `${HEAD}testing.case("a case", function(t)\n${body}\nend)\n`;

/**
 * @typedef {object} Mistake
 * @property {string} what as a person would tell it
 * @property {string} [body] of a case
 * @property {Record<string, string>} [files] instead, by path in the app's folder
 * @property {string[]} [args] of `partnerapp test`
 * @property {number} [code] its exit code; 1
 * @property {RegExp} out what it prints
 * @property {RegExp} [lacks] what it does not print
 */

/** @type {Mistake[]} */
const MISTAKES = [
	{
		what: "the app raises: its error and its frames are shown",
		body: 't.equal(testing.client():get("/boom").status, 200)',
		out: /^not ok 1 - a case # \d\.\d{3} s\n  # tests\/a_test\.lua:3: got 500, wanted 200\n  # GET \/boom: a script failed: init\.lua:8: attempt to index a nil value \(local 'record'\)\n  #   init\.lua:8: in upvalue 'load'\n  #   init\.lua:13: in field 'handler'\n  #   \(\d+ frames of the library\)/m,
	},
	{
		what: "what was logged and printed is shown",
		body: 't.equal(testing.client():get("/boom").status, 200)',
		out: /# logged: info: before  id=7  list=\{ 1, 2 \}\n  # printed: here\t\{ a = 1 \}\n/,
	},
	{
		what: "a handler returns nil and a message",
		body: 't.equal(testing.client():get("/failed").status, 200)',
		out: /got 500, wanted 200\n  # GET \/failed: a handler failed: the thing failed\n/,
	},
	{
		what: "a call is not listed: the nearest is named",
		body: `testing.network { ["GET https://api.example/v1/users"] = {}, ["POST https://api.example/v1/user"] = {},
			["GET https://id.example/v1/tokens/of/somewhere/else"] = {} }
			t.equal(testing.client():get("/call").status, 200)`,
		out: /got 502, wanted 200\n  # GET \/call: a request failed: the test lists no answer[^\n]*  status=502\n  # called, and not listed: GET https:\/\/api\.example\/v1\/user\n  #   the nearest that is listed: GET https:\/\/api\.example\/v1\/users\n/,
	},
	{
		what: "a call is listed with another method",
		body: `testing.network { ["POST https://api.example/v1/user"] = {} }
			t.equal(testing.client():get("/call").status, 502)`,
		out: /the app called GET https:\/\/api\.example\/v1\/user, which the case does not list\n  #   the nearest that is listed: POST https:\/\/api\.example\/v1\/user\n/,
	},
	{
		what: "no network is listed: there is none",
		body: 't.equal(testing.client():get("/call").status, 502)',
		out: /the app called GET https:\/\/api\.example\/v1\/user, which the case does not list\n  #   the case lists no call: testing\.network \{ \["GET https:\/\/api\.example\/v1\/user"\] = \{ … \} \}\n/,
	},
	{
		what: "the method of a listed call is in lower case",
		body: 'testing.network { ["get https://api.example/v1/user"] = {} }',
		out: /a_test\.lua:3: testing\.network: "get https:\/\/api\.example\/v1\/user" must be a method in upper case, a space, and a URL\n/,
	},
	{
		what: "a listed call has no method",
		body: 'testing.network { ["https://api.example/v1/user"] = {} }',
		out: /a_test\.lua:3: testing\.network: "https:\/\/api\.example\/v1\/user" must be a method/,
	},
	{
		what: "a listed call has a query",
		body: 'testing.network { ["GET https://api.example/v1/user?key=1"] = {} }',
		out: /a_test\.lua:3: .* must be without a query: a function as the answer gets it as request\.query/,
	},
	{
		what: "a listed call has no path",
		body: 'testing.network { ["GET https://api.example"] = {} }',
		out: /a_test\.lua:3: .* must have a path: "GET https:\/\/api\.example\/"/,
	},
	{
		what: "a field of an answer is misspelt",
		body: 'testing.network { ["GET https://api.example/v1/user"] = { stauts = 201 } }',
		out: /a_test\.lua:3: .*an answer has no field 'stauts': did you mean 'status'\?/,
	},
	{
		what: "the body of an answer is a table",
		body: 'testing.network { ["GET https://api.example/v1/user"] = { body = { id = 1 } } }',
		out: /a_test\.lua:3: .*the field 'body' of an answer must be a string, not a table/,
	},
	{
		what: "an answer is a string",
		body: 'testing.network { ["GET https://api.example/v1/user"] = "fine" }',
		out: /a_test\.lua:3: .*an answer must be a table or a function, not a string/,
	},
	{
		what: "testing.network is called without a table",
		body: "testing.network()",
		out: /a_test\.lua:3: testing\.network: the answers must be a table/,
	},
	{
		what: "a function of the network raises",
		body: `testing.network { ["GET https://api.example/v1/user"] = function(request) return request.jsn.id end }
			t.equal(testing.client():get("/call").status, 200)`,
		out: /got 500, wanted 200\n  # GET \/call: a script failed: tests\/a_test\.lua:3: attempt to index a nil value \(field 'jsn'\)/,
	},
	{
		what: "the test itself raises",
		body: "local nothing\nlocal function read() return nothing.name end\nread()",
		out: /# tests\/a_test\.lua:4: attempt to index a nil value \(upvalue 'nothing'\)\n  #   tests\/a_test\.lua:4: in local 'read'\n  #   tests\/a_test\.lua:5: in function/,
	},
	{
		what: "the test raises a table",
		body: 'error { code = "no", list = { 1 } }',
		out: /# raised \{ code = "no", list = \{ 1 \} \}\n/,
	},
	{
		what: "tables differ",
		body: 't.same(testing.client():get("/list").json(), { 1, { id = 8 } })',
		out: /a_test\.lua:3: got \{ 1, \{ id = 7 \} \}, wanted \{ 1, \{ id = 8 \} \}\n/,
	},
	{
		what: "a table has itself inside",
		body: "local list = { 1 }\nlist.me = list\nt.equal(list, 1)",
		out: /a_test\.lua:5: got \{ 1, me = \(this table again\) \}, wanted 1\n/,
	},
	{
		what: "a case has no function",
		files: { "tests/a_test.lua": `${HEAD}testing.case("a case")\n` },
		out: /^not ok 1 - tests\/a_test\.lua # .*\n  # tests\/a_test\.lua:2: testing\.case: a case is a name and a function: /m,
	},
	{
		what: "a case has no name",
		files: { "tests/a_test.lua": `${HEAD}testing.case(function(t) end)\n` },
		out: /tests\/a_test\.lua:2: testing\.case: a case is a name and a function/,
	},
	{
		what: "a test file has a syntax error",
		files: { "tests/a_test.lua": `${HEAD}testing.case("a case", function(t)\n` },
		args: ["--only", "something"],
		out: /^not ok 1 - tests\/a_test\.lua # .*\n  # tests\/a_test\.lua:3: 'end' expected/m,
	},
	{
		what: "a test file has no case",
		files: { "tests/a_test.lua": HEAD, "tests/b_test.lua": one("t.truthy(true)") },
		out: /^not ok 1 - tests\/a_test\.lua # .*\n  # the file has no case\n/m,
	},
	{
		what: "a test file has a name that is not one of tests",
		files: { "tests/test_a.lua": one("t.equal(1, 2)"), "tests/b_test.lua": one("t.truthy(true)") },
		code: 0,
		out: /tests\/test_a\.lua has cases, and is not run by itself: the names of test files end with _test\.lua\n1 passed, 0 failed/,
	},
	{
		what: "--only names no case",
		body: "t.truthy(true)",
		args: ["--only", "a csae"],
		out: /no case has 'a csae' in its name: did you mean 'a case'\?\n0 passed, 0 failed/,
	},
	{
		what: "--only has no text",
		body: "t.truthy(true)",
		args: ["--only"],
		code: 2,
		out: /--only/,
	},
	...[
		["a method of a client", 'testing.client():gett("/fine")', "a client of testing has no 'gett': did you mean 'get'\\?"],
		["an option of a request", 'testing.client():get("/fine", { header = {} })', "unknown option 'header' of a request: did you mean 'headers'\\?"],
		["a field of a response", 't.equal(testing.client():get("/fine").statuss, 200)', "a response of testing has no 'statuss': did you mean 'status'\\?"],
		["a field of a network", "t.equal(#testing.network({}).cals, 0)", "a network of testing has no 'cals': did you mean 'calls'\\?"],
		["a function of the clock", "testing.clock.advnce(1)", "testing\\.clock has no 'advnce': did you mean 'advance'\\?"],
		["a check of busted", "testing.assert.equals(1, 1)", "testing\\.assert has no 'equals': use assert\\.equal\\(wanted, got\\)"],
	].map(([what, body, said]) => ({ what: `misspelt: ${what}`, body, out: new RegExp(`tests/a_test\\.lua:3: ${said}`) })),
	{
		what: "there are no tests",
		files: {},
		out: /there is no case to run; tests are in tests\/\*_test\.lua/,
	},
	{
		what: "a secret is in what is shown",
		body: 'local mask = testing.client()\nprint "client-secret: secret-of-nobody"\nt.equal(1, 2)',
		out: /printed: client-secret: \*\*\*\n/,
		lacks: /secret-of-nobody/,
	},
];

function write(place, mistake) {
	const files = { "init.lua": APP, ...(mistake.files ?? { "tests/a_test.lua": one(mistake.body) }) };
	for (const [name, text] of Object.entries(files)) {
		const file = path.join(place.name, "app", name);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, text);
	}
}

async function inPlace(mistake, body) {
	const place = folder();
	try {
		write(place, mistake);
		await body(place);
	} finally {
		place.remove();
	}
}

describe("partnerapp test", { concurrency: 2 }, () => {
	for (const mistake of MISTAKES) {
		test(mistake.what, () => inPlace(mistake, async (place) => {
			const { code, out, err } = await run(["test", "app", ...(mistake.args ?? [])], { cwd: place.name });
			assert.match(out + err, mistake.out);
			if (mistake.lacks) assert.doesNotMatch(out + err, mistake.lacks);
			assert.equal(code, mistake.code ?? 1, out + err);
		}));
	}

	const several = { files: { "tests/a_test.lua": `${HEAD}
testing.case("the page is fine", function(t) t.equal(testing.client():get("/fine").status, 200) end)
testing.case("the page fails", function(t) t.equal(testing.client():get("/boom").status, 200) end)
` } };

	test("--only runs the cases whose name has a text, and shows what they print", () => inPlace(several, async (place) => {
		const { code, out } = await run(["test", "app", "--only", "is fine"], { cwd: place.name });
		assert.match(out, /^1\.\.1\nok 1 - the page is fine # \d\.\d{3} s\n  # printed: a fine day\n1 passed, 0 failed/m);
		assert.equal(code, 0);
		const all = await run(["test", "app"], { cwd: place.name });
		assert.doesNotMatch(all.out, /a fine day/);
		assert.match(all.out, /1 passed, 1 failed/);
	}));

	test("JUnit's file has the same words", () => inPlace(several, async (place) => {
		const file = path.join(place.name, "junit.xml");
		assert.equal((await run(["test", "app", "--junit", file], { cwd: place.name })).code, 1);
		const text = readFileSync(file, "utf8");
		assert.match(text, /<failure message="tests\/a_test\.lua:4: got 500, wanted 200">/);
		assert.match(text, /GET \/boom: a script failed: init\.lua:8: /);
		assert.match(text, /printed: here\t\{ a = 1 \}/);
	}));
});
