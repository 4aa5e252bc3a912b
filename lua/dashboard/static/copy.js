// Puts a button that copies it below each text that is there to be copied.
"use strict";

for (const text of document.querySelectorAll("[data-copy]")) {
	const button = document.createElement("button");
	button.type = "button";
	button.className = "quiet";
	button.textContent = "Copy";
	button.addEventListener("click", async () => {
		try {
			await navigator.clipboard.writeText(text.textContent);
			button.textContent = "Copied";
		} catch {
			// Without https, and away from this machine, browsers do not give the clipboard: it is marked instead.
			getSelection().selectAllChildren(text);
			button.textContent = "Marked: copy it with Ctrl-C";
		}
	});
	text.after(button);
}
