// Says that the server works while a form, or a link to a page that asks Segment, is on its way: that may take many
// seconds. Without it the browser only turns a wheel, and the button can be pressed again.
"use strict";

const WONDER = 300; // milliseconds, after which a person begins to wonder

const posted = document.querySelectorAll("form[method=post]");

function say(after) {
	const words = document.createElement("p");
	words.className = "small";
	words.setAttribute("role", "status");
	after.after(words);
	setTimeout(() => (words.textContent = "Waiting for the answer …"), WONDER);
}

function begin(event) {
	const form = event.target;
	if (form.dataset.waits) {
		event.preventDefault();
		return;
	}
	form.dataset.waits = "yes";
	say(event.submitter ?? form);
}

for (const form of posted) form.addEventListener("submit", begin);

// Links to pages that ask Segment.
for (const link of document.querySelectorAll("a[data-waits]")) {
	link.addEventListener("click", (event) => {
		if (event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) say(link);
	});
}

// A page that the browser has kept is shown again after "Back": its forms can be sent again.
addEventListener("pageshow", (event) => {
	if (event.persisted) location.reload();
});
