// Handlers that say nothing, values that are nil, redirects that lead away, migrations that fail.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { binary, folder, request, run, startApp, withApp } from "./harness.mjs";
import { handler, mistakes } from "./mistakes.mjs";

const script = (text) => ({ "init.lua": text });

mistakes("nothing", [
	{
		what: "a handler returns nothing",
		handler: "\tlocal x = 1",
		page: /init\.lua:5: the handler of GET \/ returned nothing: end it with `return reply\.…`; .*`return reply\.empty\(\)`/,
		terminal: /init\.lua:5: the handler of GET \/ returned nothing/,
	},
	{
		what: "a handler forgets the return",
		handler: "\treply.text \"hello\"",
		page: /init\.lua:5: the handler of GET \/ returned nothing/,
		terminal: /init\.lua:5: the handler of GET \/ returned nothing/,
	},
	{
		what: "a handler returns false",
		handler: "\treturn false",
		page: /init\.lua:5: the handler of GET \/ returned a boolean: a response is made by reply\.text/,
	},
	{
		what: "a handler returns a string",
		handler: '\treturn "hello"',
		page: /init\.lua:5: the handler of GET \/ returned a string/,
	},
	{
		what: "a handler returns its data",
		handler: "\treturn { count = 1 }",
		page: /init\.lua:5: the handler of GET \/ returned a table without a status/,
	},
	{
		what: "a handler returns the function and not its result",
		handler: "\treturn reply.text",
		page: /init\.lua:5: the handler of GET \/ returned a function/,
	},
	{
		what: "a hook returns true to go on",
		files: script(handler("\treturn reply.text(\"x\")", "app:before(function() return true end)")),
		page: /init\.lua:4: this hook of app:before returned a boolean/,
	},
	{
		what: "a hook is missing",
		files: script("local partnerapp = require \"partnerapp\"\nlocal app = partnerapp.new {}\napp:before(hook_of_mine and nil)\nreturn app\n".replace("hook_of_mine and ", "")),
		page: /init\.lua:3: before: a hook must be a function, not a nil/,
		check: /^init\.lua:3: before: a hook must be a function, not a nil/m,
	},
	{
		what: "a handler raises a table",
		handler: "\terror { code = 7 }",
		page: /init\.lua:5: \{ code = 7 \}/,
		terminal: /GET \/.*init\.lua:5: \{ code = 7 \}|init\.lua:5: \{ code = 7 \}.*GET \//,
	},
	{
		what: "a handler fails with a table",
		handler: "\treturn nil, { code = 7 }",
		page: /\{ code = 7 \}/,
		terminal: /a handler failed.*\{ code = 7 \}/,
	},
	{
		what: "a loop over nil, which raises inside of ipairs",
		handler: "\tfor _ in ipairs(req.query.list) do end",
		page: /init\.lua:6: attempt to index a nil value/,
		terminal: /init\.lua:6: attempt to index a nil value/,
	},
	{
		what: "a response whose body became a table",
		handler: '\tlocal response = reply.text "x" response.body = {} return response',
		page: /init\.lua:5: a response's body must be a string, not a table/,
		terminal: /init\.lua:5: a response's body must be a string, not a table/,
	},
	{
		what: "a header with a name that is none",
		handler: '\tlocal response = reply.text "x" response.headers["X A"] = "1" return response',
		page: /init\.lua:5: 'X A' is not a header name/,
		terminal: /init\.lua:5: 'X A' is not a header name/,
	},
	{
		what: "text of nil",
		handler: "\treturn reply.text(req.query.name)",
		page: /init\.lua:6: reply\.text: the body must be a string, and is nil/,
		terminal: /init\.lua:6: reply\.text: the body must be a string, and is nil/,
	},
	{
		what: "text of a table, in a function of its own",
		files: script(handler("\treturn shown({})", "local function shown(x) return reply.text(x) end")),
		page: /init\.lua:4: reply\.text: the body must be a string, and is a table/,
	},
	{
		what: "HTML of nil",
		handler: "\treturn reply.html(nil)",
		page: /init\.lua:6: reply\.html: the body must be a string, and is nil/,
	},
	{
		what: "JSON of nil",
		handler: "\treturn reply.json(nil)",
		page: /init\.lua:6: reply\.json: the value is nil; JSON's null is json\.null/,
	},
	{
		what: "JSON of a function",
		handler: "\treturn reply.json { reply.text }",
		page: /init\.lua:6: reply\.json: JSON cannot hold a value that is not a string/,
	},
	{
		what: "a view's name is nil",
		handler: "\treturn reply.view(nil)",
		page: /init\.lua:6: reply\.view: the name of a view must be a string, not a nil/,
	},
	{
		what: "a view's values are a string",
		handler: "\treturn reply.view(\"home\", \"hello\")",
		page: /init\.lua:6: reply\.view: the values must be a table, not a string/,
	},
	{
		what: "a file that is nil",
		handler: "\treturn reply.file(nil)",
		page: /init\.lua:6: reply\.file: there is no file 'nil' in the app's folder/,
	},
	{
		what: "a status that is a string",
		handler: "\treturn reply.text(\"x\", \"404\")",
		page: /init\.lua:6: reply\.text: the status must be an integer from 200 to 599, not 404/,
	},
	{
		what: "arguments in the wrong order",
		handler: "\treturn reply.failed(\"not found\", 404)",
		page: /init\.lua:6: a refusal's status must be from 400 to 599, not not found/,
	},
	{
		what: "a redirect to nil",
		handler: "\treturn reply.redirect(req.query.back)",
		page: /init\.lua:6: reply\.redirect: the address must be a string, and is nil/,
		terminal: /init\.lua:6: reply\.redirect: the address must be a string, and is nil/,
	},
	{
		what: "a redirect to an address from outside",
		handler: "\treturn reply.redirect(req.query.back)",
		ask: "/?back=https://evil.example/x",
		page: /init\.lua:6: reply\.redirect: 'https:\/\/evil\.example\/x' leads away from this app.*\{ external = true \}.*local_path/,
	},
	{
		what: "a redirect whose option is misspelt",
		handler: "\treturn reply.redirect(\"https://example.com\", { extern = true })",
		page: /init\.lua:6: reply\.redirect: unknown option 'extern': did you mean 'external'\?/,
	},
	{
		what: "a redirect with a status that is none",
		handler: "\treturn reply.redirect(\"/x\", 200)",
		page: /init\.lua:6: reply\.redirect: the status must be an integer from 300 to 399, not 200/,
	},
	{
		what: "a migration with a wrong statement",
		files: script(handler("\treturn reply.text \"x\"",
			'require "partnerapp.db".migrate("visits", { "CREATE TABLE a (n BIGINT)", "CREATE TABL b (n BIGINT)" })')),
		page: /init\.lua:4: db\.migrate 'visits': step 2: near "TABL": syntax error/,
		terminal: /init\.lua:4: db\.migrate 'visits': step 2: near \\"TABL\\": syntax error/,
		check: /^init\.lua:4: db\.migrate 'visits': step 2: near "TABL": syntax error/m,
	},
	{
		what: "a migration whose steps are one string",
		files: script(handler("\treturn reply.text \"x\"", 'require "partnerapp.db".migrate("visits", "CREATE TABLE a (n BIGINT)")')),
		page: /init\.lua:4: db\.migrate: the steps must be a list of SQL scripts, not a string/,
		check: /^init\.lua:4: db\.migrate: the steps must be a list of SQL scripts, not a string/m,
	},
]);
