// Mistakes in Lua itself.
import { handler, mistakes } from "./mistakes.mjs";

mistakes("scripts", [
	{
		what: "a syntax error",
		files: { "init.lua": "local x = = 1\n" },
		page: /init\.lua:1: unexpected symbol near '='/,
		terminal: /init\.lua:1: unexpected symbol near '='/,
		check: /^init\.lua:1: unexpected symbol near '='/m,
	},
	{
		what: "an undeclared global is read",
		handler: "return reply.text(titel)",
		page: /init\.lua:6: .*'titel'/,
		terminal: /init\.lua:6: .*titel/,
	},
	{
		what: "a misspelt function of the library, on a page that was not opened",
		handler: 'return reply.jsn { a = 1 }',
		page: /init\.lua:6: partnerapp\.reply has no 'jsn': did you mean 'json'\?/,
		check: /^init\.lua:6: partnerapp\.reply has no 'jsn': did you mean 'json'\?/m,
	},
	{
		what: "a misspelt view, on a page that was not opened",
		files: {
			"init.lua": 'local app = require("partnerapp").new {}\nlocal reply = require "partnerapp.reply"\n'
				+ 'app:get("/", function() return reply.view "hom" end)\nreturn app\n',
			"views/home.html": "home",
		},
		page: /init\.lua:3: there is no view 'hom' \(views\/hom\.html\): did you mean 'home'\?/,
		check: /^init\.lua:3: there is no view 'hom' \(views\/hom\.html\): did you mean 'home'\?/m,
	},
]);
