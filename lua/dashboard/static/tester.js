// Runs the form of the tester again after each change, and after each save of a script, without loading the page.
"use strict";

const form = document.getElementById("tester");
const story = document.getElementById("story");
const running = document.getElementById("running");
const PAUSE = 300; // milliseconds after the last key
const LOOK = 500; // milliseconds between two looks for a save

let timer = 0;
let count = 0;
let version;

// Puts the texts of an answer to where they belong, such as what a field of the mapping gives.
function spread() {
	for (const text of story.querySelectorAll("[data-for]")) {
		const place = document.getElementById(text.dataset.for);
		if (place) place.textContent = text.textContent;
	}
}

// A field is named "action", so form.action is that field.
async function run() {
	const mine = ++count;
	const fields = new URLSearchParams(new FormData(form));
	fields.set("do", "run");
	const headers = { accept: "text/html", "x-part": "story" };
	running.textContent = "Running …";
	try {
		const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, headers });
		const text = await answer.text();
		if (mine !== count) return; // a newer run is on its way
		if (answer.ok && answer.headers.get("x-part") === "story") {
			story.innerHTML = text;
			spread();
			running.textContent = "";
		} else {
			running.textContent = `The server answers ${answer.status}. Press Run to see why.`;
		}
	} catch {
		if (mine === count) running.textContent = "The server does not answer.";
	}
}

function soon() {
	clearTimeout(timer);
	timer = setTimeout(run, PAUSE);
}

// What chooses another event, action or mapping is in the page that the server makes.
const CHOICES = { load: "load", action: "choose", mapping: "choose" };

form.addEventListener("input", (event) => {
	if (!(event.target.name in CHOICES) && event.target.name !== "name") soon();
});
form.addEventListener("change", (event) => {
	const what = CHOICES[event.target.name];
	if (what) form.requestSubmit(form.querySelector(`button[value="${what}"]`));
});
form.addEventListener("keydown", (event) => {
	if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
		event.preventDefault();
		run();
	}
});

async function look() {
	if (document.hidden) return;
	const headers = { accept: "application/json", "x-live": "1" };
	const answer = await fetch("/dashboard/scripts", { cache: "no-store", headers });
	const now = answer.ok && (await answer.json()).version;
	if (now && version && now !== version) run();
	if (now) version = now;
}

async function repeat() {
	await look().catch(() => {});
	setTimeout(repeat, LOOK);
}

repeat();
