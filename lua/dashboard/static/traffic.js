// Shows new exchanges as they come: the list asks for a version number each second, and reads its page again when the
// number is another one.
"use strict";

const PAUSE = 1000; // milliseconds
const newer = document.getElementById("newer");
const silent = document.getElementById("silent");

let shown = Number(document.getElementById("exchanges")?.dataset.version ?? 0);

// Puts the rows of a new reading of this page into the list. Where the focus is inside the list, a link is shown instead.
async function update() {
	const table = document.getElementById("exchanges");
	if (!table || !("live" in table.dataset) || table.contains(document.activeElement)) {
		newer.hidden = false;
		return;
	}
	const answer = await fetch(location.href, { headers: { accept: "text/html", "x-live": "1" } });
	if (!answer.ok) return;
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const fresh = page.getElementById("exchanges");
	if (fresh) table.replaceWith(fresh);
}

async function look() {
	if (document.hidden) return;
	const headers = { accept: "application/json", "x-live": "1" };
	const answer = await fetch("/dashboard/traffic/version", { cache: "no-store", headers });
	silent.hidden = true;
	if (!answer.ok) return;
	const { version } = await answer.json();
	if (version !== shown) {
		shown = version;
		await update();
	}
}

async function repeat() {
	// After a failure too: a stopped server can be started again.
	await look().catch(() => (silent.hidden = false));
	setTimeout(repeat, PAUSE);
}

repeat();
