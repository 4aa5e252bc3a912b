// Loads the page of an error again when a file of the app was saved: the server has another version then.
"use strict";

const PAUSE = 500; // milliseconds
const shown = document.currentScript.dataset.version;

async function look() {
	if (document.hidden) return;
	// As a page: it gets the version of the newest save, also when that does not load. X-Live keeps it off the log.
	const headers = { accept: "text/html", "x-live": "1" };
	const answer = await fetch("/static/partnerapp/version", { cache: "no-store", headers });
	const version = await answer.text();
	// An app may answer this address itself, with anything.
	if (answer.ok && /^\d+$/.test(version) && version !== shown) location.reload();
}

async function repeat() {
	// After a failure too: a stopped server can be started again.
	await look().catch(() => {});
	setTimeout(repeat, PAUSE);
}

repeat();
