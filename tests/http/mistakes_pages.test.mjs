// Mistakes that show on pages: an address without a route, what a page's policy blocks.
import { handler, mistakes } from "./mistakes.mjs";

const ROUTES = 'app:get("/hello/:name", function() return reply.text "x" end)';

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
]);
