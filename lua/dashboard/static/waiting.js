// Says that the server works while a form is on its way: a call to Segment may take many seconds. Without it the browser
// only turns a wheel, and the button can be pressed again.
"use strict";

const WONDER = 300; // milliseconds, after which a person begins to wonder

const posted = document.querySelectorAll("form[method=post]");

function begin(event) {
	const form = event.target;
	if (form.dataset.waits) {
		event.preventDefault();
		return;
	}
	form.dataset.waits = "yes";
	const words = document.createElement("p");
	words.className = "small";
	words.setAttribute("role", "status");
	(event.submitter ?? form).after(words);
	setTimeout(() => (words.textContent = "Waiting for the answer …"), WONDER);
}

for (const form of posted) form.addEventListener("submit", begin);

// A page that the browser has kept is shown again after "Back": its forms can be sent again.
addEventListener("pageshow", (event) => {
	if (event.persisted) location.reload();
});
