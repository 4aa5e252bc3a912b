// Mistakes whose message has to name what the person can change: functions that call themselves, a form without its
// token, a port that another program has.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { APP_FOLDER, folder, form, freePort, Jar, request, run, withApp } from "./harness.mjs";
import { handler, mistakes } from "./mistakes.mjs";

/** A recursion in the app: its message, on the page, on the terminal and, at load, in `check`. */
const endless = (what, body, more, said) => {
	const message = new RegExp(`init\\.lua:${said}, or too deep`);
	return { what, files: { "init.lua": handler(`\t${body}`, more) }, page: message, terminal: message };
};

const ITSELF = "calls itself without end";

mistakes("SBX-10 recursion without end", [
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

const KEYS = { CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client" };

/** Runs a command while this process listens on a port; `args` and `env` are made with it, `other` is a free port. */
async function whileTaken(body) {
	const place = folder();
	const holder = net.createServer().listen(0, "127.0.0.1");
	try {
		await once(holder, "listening");
		await body({ taken: `127.0.0.1:${holder.address().port}`, other: `127.0.0.1:${await freePort()}`, cwd: place.name });
	} finally {
		holder.close();
		place.remove();
	}
}

for (const [what, name, args, setting, env] of [
	["serve", "app", (taken) => ["serve", "--listen", taken], "LISTEN", KEYS],
	["serve, for its health", "app", (taken, other) => ["serve", "--listen", other, "--health-listen", taken], "HEALTH_LISTEN", KEYS],
	["sandbox", "sandbox", (taken) => ["sandbox", "--sandbox-listen", taken], "SANDBOX_LISTEN"],
	["demo", "app", (taken, other) => ["demo", "--listen", taken, "--sandbox-listen", other], "LISTEN"],
	["demo, for its sandbox", "sandbox", (taken, other) => ["demo", "--listen", other, "--sandbox-listen", taken], "SANDBOX_LISTEN"],
]) {
	test(`HT-29 a port that another program has: ${what}`, async () => {
		await whileTaken(async ({ taken, other, cwd }) => {
			const { code, out, err } = await run(args(taken, other), { cwd, env });
			const flag = `--${setting.toLowerCase().replace("_", "-")}`;
			assert.match(err, new RegExp(`^partnerapp: ${name}: cannot listen on ${taken}: process ${process.pid} \\([^)]+\\) ` +
				`listens there: end it, or take a free port: ${flag} 127\\.0\\.0\\.1:\\d+, or ${setting} in \\.env$`, "m"));
			assert.equal(code, 1);
			assert.equal(out, "");
		});
	});
}

test("HT-29 two ports that others have are told at once", async () => {
	await whileTaken(({ taken: first }) => whileTaken(async ({ taken: second, cwd }) => {
		const { code, err } = await run(["demo", "--listen", first, "--sandbox-listen", second], { cwd });
		assert.match(err, new RegExp(`cannot listen on ${first}: `));
		assert.match(err, new RegExp(`cannot listen on ${second}: `));
		assert.equal(code, 1);
	}));
});

test("HT-29 an address that this machine does not have", async () => {
	const place = folder();
	const { code, err } = await run(["serve", "--listen", "203.0.113.7:8888"], {
		cwd: place.name, env: { ...KEYS, ADMIN_PASSWORD: "password-of-the-operator" },
	});
	place.remove();
	assert.match(err, /cannot listen on 203\.0\.113\.7:8888: this machine does not have that address: change LISTEN/);
	assert.equal(code, 1);
});

/** An app with a session at /in; GET /page is line 11 of its init.lua, whose handler is line 12. */
const formApp = (page) => `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local session = require "partnerapp.session"
local app = partnerapp.new {}
app:get("/in", function(req)
	local response = reply.empty()
	assert(session.start(req, response, {}))
	return response
end)

app:get("/page", function(req)
	${page}
end)
app:post("/items/:id/rename", function() return reply.text "renamed" end)
app:post("/page", function() return reply.text "changed" end)
return app
`;

const VIEW = 'return reply.view("page", { id = 7, csrf = req:csrf_field() })';
const WRITE = "this form sends no field csrf, so it is refused: write {{{ csrf }}} after its <form …>, and give the view " +
	"csrf = req:csrf_field()";
const MADE = " (GET /page, made at init.lua:11)";

/** Sends a form, as a browser does, from /page of an app with these views. Gives the answer and the server's log. */
async function send(to, { page = VIEW, views = {}, env, headers = {}, body = {} }) {
	const place = folder();
	try {
		for (const [name, text] of Object.entries(views)) {
			const file = path.join(place.name, APP_FOLDER, "views", name);
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, text);
		}
		let answer, log;
		await withApp(formApp(page), { place, env }, async (server) => {
			const jar = new Jar();
			await request(`${server.url}/in`, { jar });
			const sent = form(body);
			const browser = { origin: server.url, "sec-fetch-site": "same-origin", "sec-fetch-dest": "document", referer: `${server.url}/page?a=1` };
			Object.assign(sent.headers, browser, { accept: "application/json" }, headers);
			answer = await request(server.url + to, { ...sent, jar });
			log = server;
		});
		return { status: answer.status, message: answer.json().error, err: log.err };
	} finally {
		place.remove();
	}
}

for (const [what, to, options, said] of [
	["a form of a view", "/items/7/rename",
		{ views: { "page.html": '<p>\n<form method="post" action="/items/{{ id }}/rename">\n<input name="a"></form>' } },
		`views/page.html:2: ${WRITE}${MADE}`],
	["one of two forms", "/items/7/rename",
		{ views: { "page.html": '<form method=POST action="/page">{{{ csrf }}}</form>\n\n<FORM action=\'/items/7/rename?a=1\' METHOD="post"></FORM>' } },
		`views/page.html:3: ${WRITE}${MADE}`],
	["a form without an action", "/page", { views: { "page.html": '<form method="post">\n<button>Go</button>' } },
		`views/page.html:1: ${WRITE}${MADE}`],
	["two views have such a form", "/page",
		{ views: { "page.html": '<form method="post" action="/page">', "part/menu.html": '\n<form method="post" action="/page">' } },
		`views/page.html:1 or views/part/menu.html:2: ${WRITE}${MADE}`],
	["a form in a script", "/page",
		{ page: "return reply.html '<form method=\"post\" action=\"/page\"><button>Go</button></form>'" },
		"init.lua:12: this form sends no field csrf, so it is refused: write req:csrf_field() after its <form …>" + MADE],
	["a form that no file has as it is", "/page", { views: { "page.html": '<form method="post" action="{{ id }}">' } }, WRITE + MADE],
	["a form of which the page is not known", "/page", { headers: { referer: "" }, views: { "page.html": "" } },
		"t" + WRITE.slice(1)],
	["a form of GET is not meant", "/page", { views: { "page.html": '<form action="/page"></form>' } }, WRITE + MADE],
	["a form in a view of a megabyte", "/items/7/rename", {
		views: { "page.html": `${"<p>long\n".repeat(150000)}<form method="post" action="/items/${"{{ id }}/x".repeat(300)}"><form method="post" action="/items/{{ id }}/{{ id }}">${"<form ".repeat(1000)}` },
	}, `views/page.html:150001: ${WRITE}${MADE}`],
	["an upload", "/page",
		{ views: { "page.html": "" }, headers: { "content-type": "multipart/form-data; boundary=x" } },
		'the token of a form with enctype="multipart/form-data" is not read: leave the enctype out'],
	["a call of a script", "/page", { views: { "page.html": "" }, headers: { "sec-fetch-dest": "empty" } },
		"this call of a script sends no token: add the header X-CSRF-Token with req:csrf_token() of its page, or send " +
		"JSON with its Content-Type"],
]) {
	test(`HT-04 a form without its token: ${what}`, async () => {
		const { status, message, err } = await send(to, options);
		assert.equal(status, 403);
		assert.equal(message, said);
		assert.ok(err.includes(`"level":"warn"`) && err.includes(JSON.stringify(said).slice(1, -1)), err);
	});
}

test("HT-04 a form whose token is of an earlier session is out of date, in development too", async () => {
	const { status, message } = await send("/page", { views: { "page.html": "" }, body: { csrf: "A".repeat(43) } });
	assert.equal(status, 403);
	assert.equal(message, "This form is out of date. Open its page again and send it from there.");
});

test("HT-04 in production a form without its token tells a customer to open the page again, and no more", async () => {
	const { status, message, err } = await send("/page", {
		views: { "page.html": '<form method="post" action="/page">' },
		env: { PUBLIC_URL: "https://localhost.example", SECRET_KEY: "0".repeat(64) },
		headers: { "sec-fetch-site": "same-origin" },
	});
	assert.equal(status, 403);
	assert.equal(message, "This form is out of date. Open its page again and send it from there.");
	assert.ok(!err.includes("page.html"), err);
});
