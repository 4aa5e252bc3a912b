// Updates the page: fetches it again every second while it is visible, and replaces only the parts that differ.
"use strict";

const main = () => document.querySelector("main");

async function look() {
	if (document.hidden) return;
	const answer = await fetch(location.pathname, { cache: "no-store", headers: { "x-live": "1" } });
	if (!answer.ok) return;
	const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
	if (!fresh || fresh.children.length !== main().children.length) {
		if (fresh) main().replaceWith(document.adoptNode(fresh));
		return;
	}
	[...fresh.children].forEach((part, i) => {
		const shown = main().children[i];
		if (!shown.isEqualNode(part)) shown.replaceWith(document.adoptNode(part));
	});
}

async function repeat() {
	// After a failure too: a stopped sandbox can be started again.
	await look().catch(() => {});
	setTimeout(repeat, 1000);
}

setTimeout(repeat, 1000);
