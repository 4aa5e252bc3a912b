// Mistakes whose message has to name what the person can change: functions that call themselves, a form without its
// token, a port that another program has.
import { handler, mistakes } from "./mistakes.mjs";

/** A recursion in the app: its message, on the page, on the terminal and, at load, in `check`. */
const endless = (what, body, more, said) => {
	const message = new RegExp(`init\\.lua:${said}, or too deep`);
	return { what, files: { "init.lua": handler(`\t${body}`, more) }, page: message, terminal: message };
};

const ITSELF = "calls itself without end";

mistakes("recursion without end", [
	endless("a function calls itself", "return reply.text(walk(1))", "local function walk(n) return n + walk(n) end",
		`4: stack overflow: 'walk' \\(init\\.lua:4\\) ${ITSELF}`),
	endless("in the place of a loop, with return", "return walk(1)", "local function walk(n) return walk(n + 1) end",
		`4: stack overflow: 'walk' \\(init\\.lua:4\\) ${ITSELF}`),
	endless("two functions call each other", "return reply.text(odd(1))",
		"local even local function odd(n) return 1 + even(n) end function even(n) return 1 + odd(n) end",
		"4: stack overflow: .*'(odd|even)' \\(init\\.lua:4\\).* without end"),
	endless("__index asks the table itself", "return reply.text(record.name)",
		"local record = setmetatable({}, { __index = function(t, key) return t[key] end })",
		`4: stack overflow: metamethod 'index' \\(init\\.lua:4\\) ${ITSELF}`),
	endless("__tostring asks for the text of the table itself", "return reply.text(tostring(record))",
		"local record = setmetatable({}, { __tostring = function(t) return 'record ' .. tostring(t) end })",
		`4: stack overflow: the function at init\\.lua:4 ${ITSELF}`),
	endless("gsub's function calls gsub", "return reply.text(escape 'x')",
		"local function escape(s) return (s:gsub('.', escape)) end",
		`4: stack overflow: the function at init\\.lua:4 ${ITSELF}`),
	endless("a handler dispatches its own request again", "return app:dispatch(req)", "",
		`6: stack overflow: .*init\\.lua:5\\)? ${ITSELF}`),
	{
		what: "a view includes itself",
		files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": '<p>\n{% include "home" %}\n' },
		page: /views\/home\.html:2: stack overflow: views\/home\.html calls itself without end/,
		terminal: /views\/home\.html:2: stack overflow/,
	},
	{
		what: "at load",
		files: { "init.lua": handler('\treturn reply.text "x"', "local function walk(n) return n + walk(n) end walk(1)") },
		page: /init\.lua:4: stack overflow: 'walk' \(init\.lua:4\) calls itself without end/,
		check: /^init\.lua:4: stack overflow: 'walk' \(init\.lua:4\) calls itself without end/m,
	},
]);
