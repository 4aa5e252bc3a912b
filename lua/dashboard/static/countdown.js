// Counts down to the times that elements with data-until name, in seconds since 1970.
"use strict";

function span(seconds) {
	const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
	const parts = [hours && `${hours} h`, (hours || minutes) && `${minutes} min`, `${seconds % 60} s`];
	return parts.filter(Boolean).join(" ");
}

function show() {
	for (const place of document.querySelectorAll("[data-until]")) {
		const left = Math.round(Number(place.dataset.until) - Date.now() / 1000);
		place.textContent = left > 0 ? `in ${span(left)}` : "has expired; it is renewed when it is next used";
	}
}

show();
setInterval(show, 1000);
