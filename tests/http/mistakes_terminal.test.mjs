// Mistakes with the log and print: what the page and the terminal say of each. The server's terminal is none here: its
// lines are JSON.
import { handler, mistakes } from "./mistakes.mjs";

const LOG = 'local log = require "partnerapp.log"\n';

/** A handler that logs; it is line 8 of init.lua. */
const logs = (call, after = "") =>
	({ files: { "init.lua": handler(`${call}\n${after || 'return reply.text "fine"'}`, LOG) } });

const fails = (what, call, says) =>
	({ what, ...logs(call), page: new RegExp(`init\\.lua:7: log\\.${says}`), terminal: new RegExp(`init\\.lua:7: log\\.${says}`) });

const shows = (what, call, terminal, after) => ({ what, ...logs(call, after), status: 200, page: /fine/, terminal });

mistakes("wrong calls of the log fail at the line that calls", [
	fails("nothing is logged", "log.info()", "info: the message must be a string, not nil"),
	fails("a message that is nil", "log.warn(req.query.nothing)", "warn: the message must be a string, not nil"),
	fails("a table instead of a message", "log.info { id = 7 }", "info: the message is a table: give a string before it, as in log\\.info\\("),
	fails("a function instead of a message", "log.error(print)", "error: the message must be a string, not a function"),
	fails("a boolean instead of a message", "log.debug(true)", "debug: the message must be a string, not a boolean"),
	fails("a colon instead of a dot", 'log:info("hello")', "info: call log\\.info with a dot, not log:info"),
	fails("a message to format, as in C", 'log.info("hello %s", "you")', "info: format the message first"),
	fails("two messages, as print takes them", 'log.info("hello", "you")', "info: the fields must be a table, not a string: \\{ name = value \\}"),
	fails("a number as the fields", 'log.info("count", 7)', "info: the fields must be a table, not a number"),
	fails("false as the fields", 'log.info("done", false)', "info: the fields must be a table, not a boolean"),
	fails("fields in several tables", 'log.info("done", { a = 1 }, { b = 2 })', "info: a message and one table of fields are all it takes, but there are 3 arguments"),
	fails("a message to format, with fields before", 'log.info("%d of %d", {}, 7)', "info: a message and one table of fields"),
]);

mistakes("what is logged can be read", [
	shows("a table in a field", 'log.info("seen", { user = { id = 7, tags = { "a" } } })', /"user":"\{ id = 7, tags = \{ \\"a\\" \} \}"/),
	shows("a table that has itself inside", 'local list = {} list.me = list log.info("seen", { list = list })', /"list":"\{ me = \(this table again\) \}"/),
	shows("a table in print", 'print("user", { id = 7 })', /"message":"user\\t\{ id = 7 \}"/),
	shows("print of nothing, nil and several values", "print() print(nil, 1.5, true)", /"message":"nil\\t1\.5\\ttrue"/),
	shows("a table with itself as a name", 'local t = {} t[t] = 1 print(t)', /"message":"\{ \[table: [^\]]*\] = 1 \}"/),
	shows("a table of ten thousand fields", 'local t = {} for i = 1, 10000 do t[i] = i end print(t)', /"message":"\{\\n  1,\\n.*…\\n\}"/),
	shows("a table a thousand deep", 'local t = {} for i = 1, 1000 do t = { t } end print(t)', /\{ \{ … \} \}/),
	shows("a table with a text of its own", 'print(setmetatable({}, { __tostring = function() return "mine" end }))', /"message":"mine"/),
	shows("the request", "print(req)", /"message":"\{/),
	shows("control bytes and what is not UTF-8", 'print({ "a\\0b\\27[31m\\xff" })', /"message":"\{ \\"a\\\\000b\\\\027\[31m.\\" \}"/),
	shows("a number that JSON does not have", 'log.info("seen", { a = 0/0, b = math.huge, c = 1e300, d = 2^53 })', /"a":"-?nan","b":"inf","c":1e\+300,"d":9\.007199254741e\+15/),
	shows("a list as the fields", 'log.info("seen", { "a", "b" })', /"1":"a","2":"b"/),
	shows("more fields than a line has", 'local t = {} for i = 1, 20 do t[("f%02d"):format(i)] = i end log.info("seen", t)', /"f01":1,"f02":2,.*"f16":16,"fields_left_out":4\}/),
	shows("a number as the message", "log.info(42)", /"message":"42"/),
	shows("a refusal as the message", 'local ok, err = pcall(partnerapp.refuse, 409, "Done already.") log.info(err)', /"message":"409 Done already\."/),
]);

const env = { ACME_KEY: "key-of-acme-1234", ACME_TOKENS: "first-token,second-token", ACME_PLACE: "some-place" };
mistakes("a secret of the app's own is printed", [
	{
		what: "a setting that is named like a secret, and one that is not",
		files: { "init.lua": handler('return reply.text "fine"', `local own = partnerapp.new { env = { ACME_KEY = "", ACME_TOKENS = "", ACME_PLACE = "" } }
app:get("/env", function() print(own.env, "second-token") return reply.text "fine" end)`) },
		env, ask: "/env", status: 200, page: /fine/,
		terminal: /ACME_KEY = \\"\*\*\*\\",\\n  ACME_PLACE = \\"some-place\\",\\n  ACME_TOKENS = \\"\*\*\*\\"\\n\}\\t\*\*\*"/,
	},
	{
		what: "a script raises with it",
		files: { "init.lua": handler("return reply.text(1)", `local own = partnerapp.new { env = { ACME_KEY = "" } }
app:get("/raise", function() error("key " .. own.env.ACME_KEY) end)`) },
		env, ask: "/raise", page: /init\.lua:5: key \*\*\*/, terminal: /init\.lua:5: key \*\*\*/,
	},
]);
