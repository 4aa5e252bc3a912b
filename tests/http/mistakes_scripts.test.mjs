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
]);
