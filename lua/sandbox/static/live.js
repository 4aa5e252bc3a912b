// Updates the page: fetches it again every second while it is visible, and replaces only the parts that differ. What
// was opened stays open, and keeps the focus.
"use strict";

const main = () => document.querySelector("main");

/** Opens in a fresh part what is open in the shown one. */
function keepOpen(shown, fresh) {
	for (const { id } of shown.querySelectorAll("details[open]")) {
		const same = fresh.querySelector(`#${id}`);
		if (same) same.open = true;
	}
}

function replace(shown, fresh) {
	const focused = shown.contains(document.activeElement) && document.activeElement.closest("details[id]")?.id;
	shown.replaceWith(document.adoptNode(fresh));
	if (focused) document.getElementById(focused)?.querySelector("summary").focus();
}

async function look() {
	if (document.hidden) return;
	const answer = await fetch(location.pathname, { cache: "no-store", headers: { "x-live": "1" } });
	if (!answer.ok) return;
	const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
	if (!fresh) return;
	keepOpen(main(), fresh);
	if (fresh.children.length !== main().children.length) {
		replace(main(), fresh);
		return;
	}
	[...fresh.children].forEach((part, i) => {
		const shown = main().children[i];
		if (!shown.isEqualNode(part)) replace(shown, part);
	});
}

async function repeat() {
	// After a failure too: a stopped sandbox can be started again.
	await look().catch(() => {});
	setTimeout(repeat, 1000);
}

setTimeout(repeat, 1000);
