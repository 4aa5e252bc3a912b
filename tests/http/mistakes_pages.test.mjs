// Mistakes that show on pages: an address without a route, what a page's policy blocks.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { APP_FOLDER, folder, run } from "./harness.mjs";
import { handler, mistakes } from "./mistakes.mjs";

const ROUTES = 'app:get("/hello/:name", function() return reply.text "x" end)';

/** What `check` warns of in a view. */
const view = (what, html, said) => ({
	what,
	files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": `<!doctype html>\n<title>x</title>\n${html}\n` },
	warns: said,
});

mistakes("pages", [
	{
		what: "an address that no route has",
		files: { "init.lua": handler('\treturn reply.text "x"', ROUTES) },
		ask: "/helo/you",
		status: 404,
		page: /There is nothing at this address\.[^]*Routes that are near[^]*GET[^]*\/hello\/:name[^]*init\.lua:4/,
	},
	{
		what: "an address that is not near to any route",
		handler: '\treturn reply.text "x"',
		ask: "/wp-login.php",
		status: 404,
		page: /No route of this app is near to it: partnerapp routes lists them all\./,
	},
	view("a <style>", "<style>p { color: red }</style>", /^warning: views\/home\.html:3: a <style> has no effect, for the page's Content-Security-Policy forbids it: put it into a file in static\//m),
	view("a style of a tag", '<p>x\n<p style="color: red">x', /^warning: views\/home\.html:4: the style of a <p> has no effect,.*use a class/m),
	view("an inline script", "<script>\nalert(1)</script>", /^warning: views\/home\.html:3: a <script> without src is not run,/m),
	view("an event handler", '<button onclick="save()">x</button>', /^warning: views\/home\.html:3: the onclick of a <button> is not run,/m),
	view("an image of another server", '<img alt="x" src="https://cdn.example.com/x.png">', /^warning: views\/home\.html:3: <img> of https:\/\/cdn\.example\.com is not loaded,.*reply\.policy allows an origin \(docs\/scripts\.md\)/m),
	view("a font's style sheet", '<link rel="stylesheet" href="//fonts.example.com/a.css">', /^warning: views\/home\.html:3: <link> of \/\/fonts\.example\.com is not loaded,/m),
	view("a form to another server", '<form method="post" action="https://pay.example.com/">', /^warning: views\/home\.html:3: <form> of https:\/\/pay\.example\.com is not sent,/m),
]);

const FINE = `<!doctype html>
<title>x</title>
<link rel="stylesheet" href="{{ asset("partnerapp/partnerapp.css") }}">
<link rel="canonical" href="https://app.example.com/">
<script defer src="/static/x.js"></script>
<script type="application/json">{ "a": 1 }</script>
<img alt="x" src="data:image/png;base64,AAAA"> <img alt="y" src="{{ "https://x.example/" }}">
<a href="https://example.com/" class="style">onclick="x"</a>
{# <style> #} <!-- <style> -->
{% local style = 1 < 2 %}
${"<p>long</p>\n".repeat(2000)}`;

test("check does not warn of what browsers load", async () => {
	const place = folder();
	try {
		const app = path.join(place.name, APP_FOLDER);
		mkdirSync(path.join(app, "views"), { recursive: true });
		writeFileSync(path.join(app, "init.lua"), handler('\treturn reply.view("home")'));
		writeFileSync(path.join(app, "views/home.html"), FINE);
		let { out, err } = await run(["check"], { cwd: place.name });
		assert.doesNotMatch(out + err, /warning/);
		writeFileSync(path.join(app, "views/home.html"), "<style>");
		({ out, err } = await run(["check"], { cwd: place.name }));
		assert.match(out + err, /warning/);
		writeFileSync(path.join(app, "init.lua"), handler('\tlocal page = reply.view "home"\n\tpage.headers["Content-Security-Policy"] = "x"\n\treturn page'));
		({ out, err } = await run(["check"], { cwd: place.name }));
		assert.doesNotMatch(out + err, /warning/, "an app that sets a policy knows what it allows");
	} finally {
		place.remove();
	}
});
