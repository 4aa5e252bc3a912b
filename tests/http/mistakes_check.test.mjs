// What `partnerapp check` says of an app that nothing has asked yet: each problem, not only the first.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder, run, top } from "./harness.mjs";
import { handler, mistakes } from "./mistakes.mjs";

/** A mistake in the handler of GET /, whose only line is line 6 of init.lua, and which no request has run. */
const at = (what, body, said) => ({
	what,
	handler: `\t${body}`,
	check: new RegExp(`^init\\.lua:6: ${said}`, "m"),
});

/** An app with more files. */
const beside = (what, files, said, kind = "check") => ({
	what,
	files: { "init.lua": handler('\treturn reply.text "x"'), ...files },
	[kind]: new RegExp(said, "m"),
});

/** An app with a line of its own, line 4 of init.lua. */
const loading = (what, line, said, kind = "check") => ({
	what,
	files: { "init.lua": handler('\treturn reply.text "x"', line) },
	[kind]: new RegExp(said, "m"),
});

const TWO_ACTIONS = `return require "partnerapp.destination".new { name = "Acme", slug = "acme",
	presets = { { name = "P", action = "two", trigger = 'type = "track"', mapping = { email = "a@b.example", kind = "email" } } },
	actions = {
		{ "one", perform = print, fields = { { "email", type = "string", label = "E-mail" } } },
		{
			"two", perform = print, fields = {
				{ "kind", type = "string", label = "Kind", choices = { "email", "phone" }, default = "email" },
				{ "email", type = "string", label = "E-mail", format = "email",
					required = { conditions = { { field_key = "kind", operator = "is_not", value = "phone" } } } },
			},
		},
	},
}
`;

mistakes("check", [
	at("an undeclared variable", "return reply.text(nmae)", "undeclared variable 'nmae'"),
	at("a misspelt function of Lua", "return reply.text(tostrng(1))", "undeclared variable 'tostrng': did you mean 'tostring'\\?"),
	at("null", "return reply.json { a = null }", "undeclared variable 'null': Lua's is nil"),
	at("console.log", "console.log 'x'", "undeclared variable 'console': use print"),
	at("a module that is not required", "return reply.json(http.get 'x')", "undeclared variable 'http': write `local http = require"),
	at("a variable without local", "count = 1 return reply.text(count)", "cannot set 'count': a variable needs `local`"),
	at("a function without local", "function helper() end", "cannot set 'helper': a variable needs `local`"),
	at("a global of Lua that is set", "print = nil", "cannot set 'print': it is Lua's or the library's"),
	at("an upvalue that is used before its local", "late() local function late() end", "undeclared variable 'late'"),
	at("a variable after its block", "do local inner = 1 end return reply.text(inner)", "undeclared variable 'inner'"),
	at("a field of the library", "return require 'partnerapp.reply', reply.jsn {}", "partnerapp\\.reply has no 'jsn': did you mean 'json'\\?"),
	at("a field of a module that another function requires too", "local function f() local json = require 'partnerapp.json' return json end local json = require 'partnerapp.json' return json.parse '{}', f", "partnerapp\\.json has no 'parse': use json\\.decode"),
	at("a field of what require returns", "return require('partnerapp.json').parse '{}'", "partnerapp\\.json has no 'parse': use json\\.decode"),
	at("a field of two modules in one `local`", "local json, db = require 'partnerapp.json', require 'partnerapp.db' return db.qery(json)", "partnerapp\\.db has no 'qery': did you mean 'query'\\?"),
	at("a view", "return reply.view('hmoe')", "there is no view 'hmoe' \\(views/hmoe\\.html\\)"),
	at("a file", "return reply.file 'a.txt'", "reply\\.file: there is no file 'a\\.txt' in the app's folder"),
	at("a field of a request", "return reply.text(req.querry.name)", "a request has no 'querry': did you mean 'query'\\?"),
	at("a method of a request", "local f = function() return req:heder 'accept' end return f()", "a request has no 'heder': did you mean 'header'\\?"),
	at("a field that Express has", "return reply.text(req.url)", "a request has no 'url': use req\\.path"),
	loading("a field of a request in a hook", "app:before(function(r) return r.url end)", "^init\\.lua:4: a request has no 'url'"),
	at("a module that a handler requires", "return require 'pagse'.home()", "module 'pagse' not found: there is no pagse\\.lua"),
	at("a path for a module", "return require('./pages').home()", "'\\./pages' is not a module name"),
	at("a private module", "return require 'partnerapp.web.view'", "'partnerapp\\.web\\.view' is private to the library: use"),
	beside("the syntax of a script that no other requires", { "later.lua": "local x = 1\nif x != 2 then end\n" }, "^later\\.lua:2: .*near '!' \\(Lua writes ~= for !=\\)"),
	beside("the syntax of a test", { "tests/app_test.lua": "local x = = 1\n" }, "^tests/app_test\\.lua:1: unexpected symbol near '='"),
	beside("a name in a test", { "tests/app_test.lua": "\ndescribe('x', function() end)\n" }, "^tests/app_test\\.lua:2: undeclared variable 'describe'"),
	beside("a part of a view", { "views/home.html": '<p>\n{% include "prat" %}\n', "views/part.html": "" }, "^views/home\\.html:2: there is no view 'prat' \\(views/prat\\.html\\): did you mean 'part'\\?"),
	beside("the layout of a view", { "views/home.html": '\n\n{% layout "layuot" %}' }, "^views/home\\.html:3: there is no view 'layuot' .*did you mean 'layout'\\?"),
	beside("a static file of a view", { "views/home.html": '<p>\n{{ asset("stlye.css") }}', "static/style.css": "" }, "^views/home\\.html:2: there is no static file 'stlye\\.css': did you mean 'style\\.css'\\?"),
	loading("a scope", 'app:oauth("/auth", { scope = "destinations/mixpanel", installed = print })', "^init\\.lua:4: oauth: 'destinations/mixpanel' is not a scope of Segment: .*: did you mean 'destination/mixpanel'\\?"),
	loading("another scope", 'app:oauth("/auth", { scope = "workspace:raed", installed = print })', "^init\\.lua:4: oauth: 'workspace:raed' is not a scope .*did you mean 'workspace:read'\\?"),
	loading("a slug", 'app:oauth("/auth", { scope = "destination/mixpanl", installed = print })', "^warning: neither the catalog of the sandbox nor destinations/ has a destination 'mixpanl', .*did you mean 'mixpanel'\\?", "warns"),
	loading("a migration", 'require "partnerapp.db".migrate("visits", { "CREATE TABEL x (y)" })', "^init\\.lua:4: db\\.migrate 'visits': .*syntax error"),
	loading("a migration on the library's tables", 'require "partnerapp.db".migrate("visits", { "DROP TABLE pa_installs" })', "^init\\.lua:4: db\\.migrate 'visits': not authorized"),
	beside("a destination that is not returned", { "destinations/acme.lua": 'require "partnerapp.destination".new { name = "Acme" }\n' }, "^destinations/acme\\.lua: it returns nothing: end it with `return destination\\.new \\{ … \\}`$"),
	beside("a destination in a file of another name", { "destinations/ga.lua": '\nreturn require "partnerapp.destination".new { name = "Acme", slug = "acme-4" }\n' }, "^destinations/ga\\.lua:2: the slug 'acme-4' belongs into destinations/acme_4\\.lua"),
	beside("a field that another action, a preset and a list of choices name too", { "destinations/acme.lua": TWO_ACTIONS.replace('format = "email"', 'format = "mail"') }, "^destinations/acme\\.lua:8: action 'two': field 'email': unknown format 'mail': did you mean 'email'\\?"),
	beside("a default that is no choice", { "destinations/acme.lua": TWO_ACTIONS.replace('default = "email"', 'default = "emial"') }, "^warning: destinations/acme\\.lua:7: action 'two': field 'kind': the default 'emial' is not among the choices of 'kind': did you mean 'email'\\?", "warns"),
	beside("a condition with a value that is no choice", { "destinations/acme.lua": TWO_ACTIONS.replace('value = "phone"', 'value = "phon"') }, "^warning: destinations/acme\\.lua:8: action 'two': field 'email': the value 'phon' of a condition is not among the choices of 'kind': did you mean 'phone'\\?", "warns"),
	beside("a script that is data", { "data.lua": `return { ${"{ nmae = 'x', 1 },".repeat(20000)} }` }, "^warning: data\\.lua:1: the names in this script are not looked at: it has more than 256 KiB", "warns"),
	beside("TO-08 a static file of another type", { "static/film.xyz": "" }, "^warning: static/film\\.xyz is not served: files that end with \\.xyz are not served", "warns"),
	beside("a hidden static file", { "static/.well-known/x.txt": "" }, "^warning: static/\\.well-known is not served: names that begin with a dot", "warns"),
	beside("another framework's folder", { "public/style.css": "" }, "^warning: public/ is not served, and has 1 file for browsers: their place is static/", "warns"),
	beside("a style beside the views", { "views/style.css": "" }, "^warning: views/ is not served, and has 1 file for browsers", "warns"),
	beside("the library's own static files", { "static/partnerapp/x.css": "" }, "^warning: static/partnerapp/x\\.css is not served: names that begin with partnerapp/", "warns"),
]);

/** Runs check in a folder with these files. */
async function checked(files, words = [], prepare = () => {}) {
	const place = folder();
	try {
		for (const [name, text] of Object.entries(files)) {
			const file = path.join(place.name, name);
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, text);
		}
		prepare(place.name);
		return await run(["check", ...words], { cwd: place.name });
	} finally {
		place.remove();
	}
}

const BROKEN = {
	"init.lua": handler('\treturn reply.view "hmoe"', 'local db = require "partnerapp.db" db.migrate("a", { "CREATE" }) db.migrate("b", { "DROP" }) app:gett()'),
	"later.lua": "return != 1\n",
	"pages.lua": "local pages = {}\nfunction pages.home() return nmae end\nfunction pages.more() return nmae .. nmae end\nreturn pages\n",
	"destinations/acme.lua": 'return require "partnerapp.destination".new { naem = "Acme" }\n',
	"views/home.html": "{% if %}",
	"views/other.html": '{% include "hoem" %}',
	"tests/app_test.lua": "testing.case()\n",
};

test("every problem is told at once, in the order of files and lines, each once", async () => {
	const { code, err } = await checked(BROKEN);
	const told = err.split("\n").filter((line) => /^[\w/]+\.\w+:\d+: /.test(line)).map((line) => line.match(/^\S+:\d+: .{1,22}/u)[0]);
	assert.deepEqual(told, [
		"destinations/acme.lua:1: the destination: unkno",
		"destinations/acme.lua:1: the destination: name ",
		"init.lua:4: db.migrate 'a': incomp",
		"init.lua:4: db.migrate 'b': incomp",
		"init.lua:4: an app has no 'gett': ",
		"init.lua:6: there is no view 'hmoe",
		"later.lua:1: unexpected symbol near",
		"pages.lua:2: undeclared variable 'n",
		"tests/app_test.lua:1: undeclared variable 't",
		"views/home.html:1: unexpected symbol near",
		"views/other.html:1: there is no view 'hoem",
	]);
	assert.match(err, /pages\.lua:2: undeclared variable 'nmae' \(also in line 3\)/);
	assert.match(err, /^11 problems$/m);
	assert.equal(code, 1);
});

test("a destination that does not load is told by its own problems alone, each as one", async () => {
	const { out } = await checked({
		"init.lua": handler('\treturn reply.text "x"', 'app:oauth("/auth", { scope = "destination/my-product", installed = print })'),
		"destinations/my_product.lua": 'return require "partnerapp.destination".new { naem = "My", slug = "my-product" }\n',
		"views/\u00fcber uns (alt).html": "\n{{ = }}",
	}, ["--json"]);
	const { problems, warnings } = JSON.parse(out);
	assert.deepEqual(problems.map(({ file, line }) => `${file}:${line}`), [
		"destinations/my_product.lua:1", "destinations/my_product.lua:1", "views/\u00fcber uns (alt).html:2",
	]);
	assert.deepEqual(warnings, []);
});

test("--json is one object with files, lines, codes and hints, whether the app is fine or not", async () => {
	const broken = await checked(BROKEN, ["--json"]);
	const object = JSON.parse(broken.out);
	assert.equal(object.ok, false);
	assert.equal(broken.code, 1);
	const view = object.problems.find((one) => one.file === "views/other.html");
	assert.deepEqual(view, { file: "views/other.html", line: 1, code: "name", message: "there is no view 'hoem' (views/hoem.html)", hint: "did you mean 'home'?" });
	assert.equal(object.problems.find((one) => one.file === "later.lua").hint, "Lua writes ~= for !=");
	const destination = object.problems.filter((one) => one.file === "destinations/acme.lua");
	assert.deepEqual(destination.map((one) => one.line), [1, 1], "each problem of a definition is one");
	assert.equal(destination[0].hint, "did you mean 'name'?");
	assert.equal(object.looked_at.routes, undefined);
	const fine = await checked({ "init.lua": handler('\treturn reply.text "x"'), "static/a.xyz": "" }, ["--json"]);
	const good = JSON.parse(fine.out);
	assert.equal(fine.code, 0);
	assert.equal(good.ok, true);
	assert.deepEqual(good.problems, []);
	assert.equal(good.warnings[0].code, "static");
	assert.deepEqual(good.looked_at.routes, ["GET /"]);
	assert.deepEqual(good.looked_at.migrations, []);
});

test("modules that only a handler requires are loaded too, and those after one that fails", async () => {
	const lazy = await checked({
		"init.lua": handler("\treturn require('lazy').page(require 'fine')"),
		"lazy.lua": "local none\nreturn { page = none.page }\n",
		"fine.lua": 'require "partnerapp.db".migrate("fine", { "CREATE TABLE a (b)" })\nreturn {}\n',
		"unused.lua": "error 'no script requires this'\n",
	});
	assert.match(lazy.err, /^lazy\.lua:2: attempt to index a nil value \(local 'none'\)\n1 problem$/m);
	const several = await checked({
		"init.lua": handler('\treturn reply.text "x"', 'require "first" require "second"'),
		"first.lua": "local none\nreturn none.x\n",
		"second.lua": 'require "partnerapp.db".migrate("second", { "CREATE TABEL a (b)" })\nreturn require "partnerapp.reply".txt\n',
	});
	for (const line of ["first.lua:2: attempt to index", "second.lua:1: db.migrate 'second': ", "second.lua:2: partnerapp.reply has no 'txt'"])
		assert.ok(several.err.includes(`\n${line}`) || several.err.startsWith(line), several.err);
	assert.match(several.err, /^3 problems$/m);
});

test("--json holds what is not UTF-8", async () => {
	const latin = Buffer.from('local x = "caf\xe9 \xfc\n', "latin1");
	const { out, code } = await checked({ "init.lua": latin, "static/caf\u00e9.css": "" }, ["--json"], (place) => {
		writeFileSync(Buffer.concat([Buffer.from(`${place}/static/`), Buffer.from("a\xe9.css", "latin1")]), "");
	});
	const object = JSON.parse(out);
	assert.match(object.problems[0].message, /unfinished string near '"caf\ufffd \ufffd'/);
	assert.deepEqual(object.looked_at.static.sort(), ["caf\u00e9.css"]);
	assert.equal(code, 1);
});

test("what was looked at is printed with counts and names", async () => {
	const migrate = 'require "partnerapp.db".migrate("visits", { "CREATE TABLE visits (a)", "DROP TABLE visits" })';
	const { out, err, code } = await checked({
		"init.lua": handler('\treturn reply.text "x"', migrate),
		"views/home.html": "x",
		"static/a.css": "",
	});
	assert.match(out, /^scripts +1 {2}init\.lua$/m);
	assert.match(out, /^views +1 {2}home$/m);
	assert.match(out, /^static +1 {2}a\.css$/m);
	assert.match(out, /^routes +1 {2}GET \/$/m);
	assert.match(out, /^migrations +1 {2}visits \(2 steps\)$/m);
	assert.match(out, /\nfine\n$/);
	assert.doesNotMatch(err, /warning/);
	assert.equal(code, 0);
});

test("TO-08 links that are not followed are told", async () => {
	const { err } = await checked({ "init.lua": handler('\treturn reply.text "x"'), "static/a.css": "" }, [], (place) => {
		symlinkSync("/etc/hostname", path.join(place, "static/out.txt"));
		symlinkSync("nowhere.css", path.join(place, "static/lost.css"));
		symlinkSync("a.css", path.join(place, "static/b.css"));
	});
	assert.match(err, /static\/out\.txt is not served: the link leads out of the app's folder/);
	assert.match(err, /static\/lost\.css is not served: the link leads nowhere/);
	assert.doesNotMatch(err, /b\.css/);
});

/** A program of that name for PATH, which notes how it is called and does this. */
const luacheck = (does) => ({ "bin/luacheck": `#!/bin/sh\necho "$@" > called\n${does}\n` });

async function checkedWith(files) {
	const place = folder();
	try {
		for (const [name, text] of Object.entries({ "init.lua": handler('\treturn reply.text "x"'), ...files })) {
			const file = path.join(place.name, name);
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, text, { mode: 0o755 });
		}
		const env = { PATH: `${place.name}/bin:${process.env.PATH}` };
		const found = await run(["check"], { cwd: place.name, env });
		const called = path.join(place.name, "called");
		return { ...found, called: existsSync(called) && readFileSync(called, "utf8") };
	} finally {
		place.remove();
	}
}

test("luacheck adds its warnings, but no errors", async () => {
	const { code, err, called } = await checkedWith({
		...luacheck("echo \"./init.lua:3:7: (W211) unused variable 'x'\"; echo './init.lua:4:1: (E011) expected expression'; exit 2"),
		"pages.lua": "return 1\n",
	});
	assert.match(err, /^warning: init\.lua:3: unused variable 'x' \(luacheck 211\)$/m);
	assert.doesNotMatch(err, /E011|expected expression/);
	assert.match(called, /--no-config .* -- \.\/init\.lua \.\/pages\.lua\n$/);
	assert.equal(code, 0);
});

for (const [what, files] of [
	["fails", luacheck("echo './init.lua:3:7: (W211) x'; exit 3")],
	["ends with a signal", luacheck("echo './init.lua:3:7: (W211) x'; kill -9 $$")],
	["prints something else", luacheck("echo usage")],
	["is not to be asked, for the app has its own settings for it", { ...luacheck("echo './init.lua:3:7: (W211) x'"), ".luacheckrc": "" }],
])
	test(`check is the same when luacheck ${what}`, async () => {
		const { code, err } = await checkedWith(files);
		assert.doesNotMatch(err, /warning/);
		assert.equal(code, 0);
	});

describe("no false alarms", { concurrency: 2 }, () => {
	const FINE = {
		"a variable of every kind of scope": "local a <const>, b = 1, 2 for i = 1, 2 do b = i end for k, v in pairs {} do b = k or v end\n" +
			"\trepeat local c = b until c\n\twhile b do local d = 1 b = d break end\n\tlocal function f(x, ...) return f, x, ... end\n" +
			"\tgoto done\n\t::done::\n\treturn reply.json { a = a, [b] = b, f = f, n = 0x1p4 + .5 .. '' }",
		"a table of the app's own environment": "local _ENV = { x = 1 } x = 2 return y",
		"a name in a comment or a string": '-- undefined_name\n\treturn reply.text("null console" .. [[ undefined ]] .. "a\\z\n\t\t undefined")',
		"a module that may be missing": 'local ok, more = pcall(require, "not_there") return reply.text(tostring(ok and more))',
		"another variable of the request's name": "for _, req in ipairs {} do print(req.url) end local function f(req) return req.url end return f(req.query)",
		"a field of the request that is given": "req.uri = 1 req.own = 2 return reply.text(req.uri .. req.own)",
		"a view by a name that is computed": 'return reply.view("a" .. req.path)',
	};
	for (const [what, body] of Object.entries(FINE)) {
		test(what, async () => {
			const { code, out, err } = await checked({ "init.lua": handler(`\t${body}`) });
			assert.equal(code, 0, out + err);
		});
	}
	for (const app of ["lua/app", "lua/template", "lua/sandbox", "tests/bench/app"]) {
		test(app, async () => {
			const { name: cwd, remove } = folder(); // where there is no other app's state
			const { code, out, err } = await run(["check", path.join(top, app)], { cwd }).finally(remove);
			assert.equal(code, 0, out + err);
			assert.doesNotMatch(err, /warning/);
		});
	}
});
