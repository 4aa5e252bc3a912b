// Misspelt names, names that other libraries have, and habits of other languages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder, request, run, withApp } from "./harness.mjs";
import { handler, mistakes } from "./mistakes.mjs";

/** A mistake in the handler of GET /, whose only line is line 6 of init.lua. */
const at = (what, body, said) => {
	const message = new RegExp(`init\\.lua:6: ${said}`);
	return { what, handler: `\t${body}`, page: message, terminal: message };
};

/** A mistake outside of handlers, in line 4 of init.lua: `check` sees it too. */
const loading = (what, line, said) => ({
	what,
	files: { "init.lua": handler('\treturn reply.text "x"', line) },
	page: new RegExp(`init\\.lua:4: ${said}`),
	check: new RegExp(`^init\\.lua:4: ${said}`, "m"),
});

/** Another language's syntax, in line 6 of init.lua. */
const habit = (what, body, said) => ({
	what,
	handler: `\t${body}`,
	page: new RegExp(`init\\.lua:\\d+: .*\\(${said}`),
	terminal: new RegExp(`init\\.lua:\\d+: .*\\(${said}`),
	check: new RegExp(`^init\\.lua:\\d+: .*\\(${said}`, "m"),
});

const TABLES = [
	at("a field of a request", "return reply.text(req.querry.name)", "a request has no 'querry': did you mean 'query'\\?"),
	at("a method of a request", "return reply.text(req:heder 'accept')", "a request has no 'heder': did you mean 'header'\\?"),
	at("a field that Express has", "return reply.text(req.url)", "a request has no 'url': use req\\.path"),
	at("a function of reply", "return reply.txt 'x'", "partnerapp\\.reply has no 'txt': did you mean 'text'\\?"),
	at("a function that Express has", "return reply.send 'x'", "partnerapp\\.reply has no 'send': use reply\\.text"),
	at("JSON.parse", "return reply.json(require 'partnerapp.json'.parse '{}')", "partnerapp\\.json has no 'parse': use json\\.decode"),
	at("a method of HTTP", "return require 'partnerapp.http'.put('http://x')", "partnerapp\\.http has no 'put': use http\\.request"),
	at("an option of a call out", "return require 'partnerapp.http'.get('http://x', { header = {} })", "http: unknown option 'header': did you mean 'headers'\\?"),
	at("a function of db", "return require 'partnerapp.db'.qery 'SELECT 1'", "partnerapp\\.db has no 'qery': did you mean 'query'\\?"),
	at("db.execute", "return require 'partnerapp.db'.execute 'SELECT 1'", "partnerapp\\.db has no 'execute': use db\\.exec"),
	at("a level of the log", "require 'partnerapp.log'.warning 'x'", "partnerapp\\.log has no 'warning': use log\\.warn"),
	at("a setting of the app", "return reply.text(app.env.ACME_KYE)", "app\\.env has no 'ACME_KYE'"),
	at("a field of an app", "return app.instals", "an app has no 'instals': did you mean 'installs'\\?"),
	at("a call of the Segment client", "return require 'partnerapp.segment'.new { token = 'x' }:get_sorce 'x'", "the Segment client has no 'get_sorce': did you mean 'get_source'\\?"),
	at("pages taken for a list", "for _ in ipairs(require 'partnerapp.segment'.new { token = 'x' }:workspaces()) do end", "pages of Segment are not a list: write `for item, err in pages do"),
	at("a view", "return reply.view 'layot'", "there is no view 'layot' \\(views/layot\\.html\\): did you mean 'layout'\\?"),
	at("a file", "return reply.file 'a.txt'", "reply\\.file: there is no file 'a\\.txt' in the app's folder"),
	at("a global variable", "return reply.text(tostrng(1))", "undeclared variable 'tostrng': did you mean 'tostring'\\?"),
	at("null", "return reply.json { a = null }", "undeclared variable 'null': Lua's is nil; JSON's is json\\.null"),
	at("console.log", "console.log 'x'", "undeclared variable 'console': use print, or log\\.info"),
	at("await", "local x = await reply.text 'x'", "undeclared variable 'await': calls wait by themselves"),
	at("a module that is not required", "return reply.json(http.get 'x')", 'undeclared variable \'http\': write `local http = require .*partnerapp\\.http.* first'),
	loading("a module of the library", 'local http = require "partnerapp.htp"', "module 'partnerapp\\.htp' not found: there is no htp\\.lua: did you mean 'partnerapp\\.http'\\?"),
	loading("a module without its room", 'local json = require "json"', "module 'json' not found: there is no json\\.lua: did you mean 'partnerapp\\.json'\\?"),
	loading("a module of OpenResty", 'local http = require "resty.http"', "module 'resty\\.http' not found: .*did you mean 'partnerapp\\.http'\\?"),
	loading("an option of an app", "partnerapp.new { destinaton = 'x' }", "partnerapp\\.new: unknown option 'destinaton': did you mean 'destination'\\?"),
	loading("a method of an app", "app:gett('/x', print)", "an app has no 'gett': did you mean 'get'\\?"),
	loading("a route as in FastAPI", "app:get('/m/{id}', print)", "/m/\\{id\\}: '\\{id\\}' would be matched as it is: a part that may be anything is ':id'"),
	loading("a route as in Flask", "app:get('/m/<int:id>', print)", "/m/<int:id>: .*a part that may be anything is ':id'"),
	loading("a route as in Next", "app:get('/m/[id]', print)", "/m/\\[id\\]: .*a part that may be anything is ':id'"),
	loading("a rest without a name", "app:get('/files/*', print)", "/files/\\*: all that is left of a path is '\\*rest'"),
	loading("a route with a query", "app:get('/m?id=1', print)", "/m\\?id=1: a path has no query: what is after '\\?' is in req\\.query"),
	{
		what: "a value of a view",
		files: { "init.lua": handler('\treturn reply.view("home", { title = "x" })'), "views/home.html": "<p>\n{{ titel }}\n" },
		page: /views\/home\.html:2: undefined 'titel': did you mean 'title'\?/,
	},
	{
		what: "a part of a view",
		files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": '<p>\n{% include "prat" %}\n', "views/part.html": "" },
		page: /views\/home\.html:2: there is no view 'prat' \(views\/prat\.html\): did you mean 'part'\?/,
	},
	{
		what: "the layout of a view",
		files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": '\n\n{% layout "layuot" %}' },
		page: /views\/home\.html:3: there is no view 'layuot' .*did you mean 'layout'\?/,
	},
	...[
		["a part, in single quotes and in parentheses", "{% include('prat') %}", "there is no view 'prat' \\(views/prat\\.html\\): did you mean 'part'\\?"],
		["a part with its ending", '{% include "part.html" %}', "there is no view 'part\\.html' .*: did you mean 'part'\\?"],
		["a layout with its folder", '{% layout "views/part" %}', "there is no view 'views/part' .*: did you mean 'part'\\?"],
		["a part without quotes", "{% include part %}", 'include takes the name of one view in quotes: \\{% include "name" %\\}'],
		["a part with a condition behind it", '{% include "part" if title %}', "include takes the name of one view in quotes"],
		["an `if` as in Jinja", "{% if title %}x{% endif %}", "'then' expected .*\\(a view writes \\{% if … then %\\}\\)"],
		["a `for` as in Jinja", "{% for x in list %}x{% end %}", "'do' expected .*\\(a view writes \\{% for _, x in ipairs\\(list\\) do %\\}\\)"],
		["an `endif`", "{% if title then %}x{% endif %}", ".*\\(a block of a view ends with \\{% end %\\}\\)"],
		["a `set`", "{% set x = 1 %}", ".*\\(a view gives a name a value with \\{% x = … %\\}\\)"],
		["marks that trim", "{%- x = 1 -%}", ".*\\(a statement of a view is \\{% … %\\}\\)"],
	].map(([what, text, said]) => ({
		what: `a view has ${what}`,
		files: {
			"init.lua": handler('\treturn reply.view("home", { title = "x" })'),
			"views/home.html": `<p>\n${text}\n`,
			"views/part.html": "",
		},
		page: new RegExp(`views/home\\.html:2: ${said}`),
		check: new RegExp(`^views/home\\.html:2: ${said}`, "m"),
	})),
	{
		what: "a statement of another language's templates",
		files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": '<p>\n{% extends "layout" %}' },
		page: /views\/home\.html:2: undefined 'extends': use \{% layout "name" %\}/,
	},
	{
		what: "a view's name with its ending",
		files: { "init.lua": handler('\treturn reply.view "home.html"'), "views/home.html": "" },
		page: /init\.lua:6: there is no view 'home\.html' .*: did you mean 'home'\?/,
		check: /^init\.lua:6: there is no view 'home\.html' .*: did you mean 'home'\?/m,
	},
	{
		what: "!= in a view",
		files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": "<p>\n{% if 1 != 2 then %}x{% end %}" },
		page: /views\/home\.html:2: .*near '!' \(Lua writes ~= for !=\)/,
		check: /^views\/home\.html:2: .*near '!' \(Lua writes ~= for !=\)/m,
	},
];

const SYNTAX = [
	habit("!=", "if req.path != '/' then end", "Lua writes ~= for !="),
	habit("!x", "if !req.path then end", "Lua writes `not x` for !x"),
	habit("&&", "if req.path && req.body then end", "Lua writes `and` for &&"),
	habit("||", "local x = req.path || 'x'", "Lua writes `or` for \\|\\|"),
	habit("===", "if req.path === '/' then end", "Lua writes == for ==="),
	habit("const", "const x = 1", "Lua writes `local x = …` for `const x`"),
	habit("let", "let x = 1", "Lua writes `local x = …` for `let x`"),
	habit("=>", "return reply.text(({ 1 }):map((x) => x))", "Lua writes function\\(x\\) … end for x => …"),
	habit("++", "local i = 1; i++", "Lua writes i = i \\+ 1 for i\\+\\+"),
	habit("+=", "local i = 1; i += 1", "Lua writes x = x \\+ 1 for x \\+= 1"),
	habit("braces", "if (req.path) {", ".*Lua's blocks have no braces"),
	habit("? :", "local x = req.path ? 1 : 2", "Lua writes a and b or c for a \\? b : c"),
	habit("a table's colon", "local x = { a: 1 }", "a table's fields are \\{ name = value"),
	habit("a list in brackets", "local x = [1, 2]", "a list is \\{ 1, 2 \\}"),
	habit("for (", "for (let i = 0; i < 3; i++) {", "Lua writes for i = 1, n do"),
	habit("else if", "if req.path then\n\telse if req.body then\n\tend", "line 7 has `else if`: Lua writes elseif"),
	habit("a comment", "reply.text 'x' // note", "Lua's comments begin with --"),
];

mistakes("names", TABLES);
mistakes("syntax", SYNTAX);

test("a name of the app's own in a request, which is nil, is no mistake", async () => {
	const script = handler("\treturn reply.text(tostring(req.user) .. tostring(req.uid) .. tostring(req.body))");
	await withApp(script, {}, async ({ url }) => {
		assert.equal((await request(url)).text, "nilnilnil");
	});
});

const COMMANDS = [
	[["hepl"], 2, /there is no command 'hepl': did you mean 'help'\?/],
	[["serv"], 2, /there is no command 'serv': did you mean 'serve'\?/],
	[["xyzzy"], 2, /there is no command 'xyzzy': see partnerapp --help/],
	[["help", "demo"], 0, /^Run the app against a local Segment[^]*Usage: partnerapp demo/],
	[["help", "new", "destination"], 0, /Usage: partnerapp new destination/],
	[["help", "dmeo"], 2, /there is no command 'dmeo': did you mean 'demo'\?/],
	[["new", "destinaton", "acme"], 2, /new: there is no command 'destinaton': did you mean 'destination'\?/],
	[["serve", "--listn", "127.0.0.1:1"], 2, /serve: unknown option '--listn': did you mean '--listen'\?/],
	[["test", "--wach"], 2, /test: unknown option '--wach': did you mean '--watch'\?/],
];

for (const [words, wanted, said] of COMMANDS) {
	test(`partnerapp ${words.join(" ")}`, async () => {
		const place = folder();
		try {
			const { code, out, err } = await run(words, { cwd: place.name });
			assert.match(out + err, said);
			assert.equal(code, wanted);
		} finally {
			place.remove();
		}
	});
}
