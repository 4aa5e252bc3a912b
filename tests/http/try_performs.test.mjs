// What partnerapp try makes of a destination whose function misbehaves: a clear outcome each time, and an end.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { folder, run } from "./harness.mjs";

/** Tries a destination with this perform: { code, text }. */
async function perform(name, body, { fields = "" } = {}) {
	const { name: place, remove } = folder();
	after(remove);
	mkdirSync(path.join(place, "destinations"));
	writeFileSync(path.join(place, "init.lua"), 'return require("partnerapp").new {}\n');
	writeFileSync(path.join(place, `destinations/${name}.lua`), `local destination = require "partnerapp.destination"
return destination.new { name = "${name}", actions = { { "track", trigger = 'type = "track"', fields = {${fields}},
perform = function(request, data)
${body}
end } } }
`);
	const args = ["try", name, "--app", place, "--sample", "track"];
	const { code, out, err } = await run(args, { cwd: place });
	return { code, text: out + err };
}

const POST = 'request:post("https://a.example/", { json = value })';
const CYCLE = "local value = {} value.value = value";

describe("a perform that", { concurrency: 2 }, () => {
	// The functions begin on line 4 of their file.
	for (const [what, body, code, message] of [
		["loops", "while true do end", 1, /loops\.lua:4: time budget spent/],
		["catches the loop", "while true do\npcall(function()\nwhile true do end\nend)\nend", 1, /loop\.lua:6: time budget spent/],
		["loops in a coroutine", "coroutine.wrap(function()\nwhile true do end\nend)()", 1, /coroutine\.lua:5: time budget spent/],
		["fills the memory", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", 1, /✗ perform +not enough memory/],
		["recurses", "local function f() return 1 + f() end f()", 1, /✗ perform .*(not enough memory|stack overflow)/],
		["raises a table", "error { a = 1 }", 1, /✗ perform +the action raised a table\n/],
		["raises nil", "error()", 1, /✗ perform +the action raised nil/],
		["raises text", 'error "no such list"', 1, /✗ perform +destinations\/text\.lua:4: no such list/],
		["fails as other scripts do", 'return nil, "Acme is closed"', 1, /✗ perform +Acme is closed\n/],
		["reads a misspelt name", "return data.paylod", 1, /✗ perform +destinations\/name\.lua:4: data has no 'paylod': did you mean 'payload'\?/],
		["calls a misspelt method", 'request:psot("https://a.example/")', 1, /:4: request has no 'psot': did you mean 'post'\?/],
		["reads what a stand-in does not have", 'local id = request:post("https://a.example/").data.id\nrequest:get("https://a.example/" .. id)', 1,
			/nil value \(local 'id'\)[^]*= not delivered: [^]*its requests were answered with 200 \{\}: --answer '\{"id": 7\}' gives/],
		["returns text", 'return "text"', 0, /= would be delivered/],
		["returns a cycle", `${CYCLE} return value`, 0, /= would be delivered/],
		["sends a cycle", `${CYCLE}\n${POST}`, 1, /✗ perform +destinations\/cycle\.lua:5: POST https:\/\/a\.example\/: JSON cannot hold a value nested deeper/],
		["sends no number", `local value = 0 / 0\nreturn ${POST}`, 1, /✗ perform .*:\d+: .*JSON cannot hold a number that is not finite/],
		["sends bytes", `local value = "\\xff"\n${POST}`, 1, /✗ perform .*:5: .*JSON cannot hold a string that is not UTF-8/],
		["sends to no host", 'request:post "/path"', 1, /:4: '\/path' has no host: extend_request gives no base_url/],
		["sends with a dot", 'request.post("https://a.example/")', 1, /:4: call it with a colon: request:post/],
		["sends to a URL with a space", 'request:get "https://a b.example/"', 1, /✗ perform +a URL must have no white space/],
		["sends a line break", 'request:get("https://a.example/", { headers = { ["x-a"] = "a\\nb" } })', 1, /✗ perform +the value of header x-a .*control byte/],
		["makes 100 requests", 'for i = 1, 100 do request:get("https://a.example/" .. i) end', 0, /GET https:\/\/a\.example\/100\n/],
		["makes 101 requests", 'for i = 1, 101 do request:get("https://a.example/" .. i) end', 1, /:4: more than 100 requests for one event/],
	]) {
		test(what, async () => {
			const got = await perform(what.replace(/.* /, ""), body);
			assert.match(got.text, message);
			assert.equal(got.code, code, got.text);
		});
	}

	test("has a field with a name of Lua's own", async () => {
		const { text } = await perform("names", 'request:post("https://a.example/", { json = data.payload })',
			{ fields: '{ "__index", type = "string", label = "A", default = "b" }, { "__gc", type = "string", label = "C", default = "d" }' });
		assert.match(text, /"__index": "b"/);
		assert.match(text, /"__gc": "d"/);
		assert.match(text, /= would be delivered/);
	});
});
