// What every page must have: a title, a language, one heading, labels, contrast, and room on a small screen.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { folder, request, startDemo, top } from "../http/harness.mjs";
import { begin, browserTest, install, logIn, press, toConsent } from "./harness.mjs";

let copy, demo;
before(async () => {
	copy = folder();
	cpSync(path.join(top, "lua/app"), copy.name, { recursive: true });
	const file = path.join(copy.name, "init.lua");
	const raises = 'app:get("/raises", function() error "on purpose" end)\nreturn app';
	writeFileSync(file, readFileSync(file, "utf8").replace(/return app\s*$/, raises));
	demo = await startDemo({ app: copy.name });
});
after(async () => {
	await demo.end();
	copy.remove();
});
beforeEach(() => request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" }));

/** Runs on a page: what is wrong with its elements. */
function flaws() {
	const wrong = [];
	const owe = (ok, what) => ok || wrong.push(what);
	owe(document.title.trim(), "no title");
	owe(document.documentElement.lang, "no lang");
	owe(document.querySelectorAll("h1").length === 1, "not one h1");
	owe(document.querySelectorAll("main").length === 1, "not one main");
	owe(document.querySelector("meta[name=viewport]"), "no viewport");
	const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
	owe(new Set(ids).size === ids.length, "an id stands twice");
	for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
		owe(field.labels.length === 1 && field.labels[0].innerText.trim(), `no label: ${field.outerHTML}`);
		owe(!field.pattern || field.title, `a pattern that is not told in words: ${field.outerHTML}`);
	}
	for (const element of document.querySelectorAll("a, button")) {
		owe(element.innerText.trim(), `no name: ${element.outerHTML}`);
	}
	for (const element of document.querySelectorAll("[aria-describedby]")) {
		owe(document.getElementById(element.getAttribute("aria-describedby")), `describes nothing: ${element.outerHTML}`);
	}
	const landmarks = "main, nav, aside, body > header, body > footer";
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = texts.nextNode(); node; node = texts.nextNode()) {
		const at = node.parentElement;
		owe(!node.data.trim() || at.closest(landmarks) || !at.checkVisibility(), `outside of a landmark: ${node.data.trim()}`);
	}
	let level = 0;
	for (const { tagName } of document.querySelectorAll("h1, h2, h3, h4")) {
		owe(Number(tagName[1]) <= level + 1, `${tagName} follows h${level}`);
		level = Number(tagName[1]);
	}
	for (const element of document.querySelectorAll("[style], script:not([src]), style")) wrong.push(`inline: ${element.outerHTML}`);
	return wrong;
}

/** Runs on a page: its colour, how many texts it has, and those with a contrast below 4.5 (WCAG 2.2, 1.4.3). */
function contrasts() {
	const channels = (text) => {
		const found = text.match(/^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/);
		if (!found) throw new Error(`not a colour that can be computed with: ${text}`);
		return [Number(found[1]), Number(found[2]), Number(found[3]), found[4] === undefined ? 1 : Number(found[4])];
	};
	const over = ([r, g, b, a], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
	const behind = (element) => {
		if (!element) {
			const dark = matchMedia("(prefers-color-scheme: dark)").matches;
			return dark ? [18, 18, 18] : [255, 255, 255];
		}
		const own = channels(getComputedStyle(element).backgroundColor);
		return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
	};
	const luminance = (colour) => {
		const [r, g, b] = colour.map((value) => {
			const part = value / 255;
			return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ratio = (style, below) => {
		const [light, dark] = [luminance(over(channels(style.color), below)), luminance(below)].sort((a, b) => b - a);
		return (light + 0.05) / (dark + 0.05);
	};
	const list = [];
	const add = (name, style, below) => list.push({ name, ratio: Math.round(ratio(style, below) * 100) / 100 });
	for (const element of document.body.querySelectorAll("*")) {
		if (!element.checkVisibility()) continue;
		const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
		if (own || element.matches("input, select")) {
			add(element.outerHTML.slice(0, 80), getComputedStyle(element), behind(element));
		}
		const mark = getComputedStyle(element, "::before");
		if (!["none", "normal", '""'].includes(mark.content)) {
			add(`::before of ${element.outerHTML.slice(0, 60)}`, mark, over(channels(mark.backgroundColor), behind(element)));
		}
	}
	return { page: behind(document.body), texts: list.length, low: list.filter((one) => one.ratio < 4.5) };
}

const scheme = (page, colorScheme) => page.emulateMedia({ colorScheme });

async function isFit(page) {
	assert.deepEqual(await page.evaluate(flaws), []);
	const pages = {};
	for (const name of ["light", "dark"]) {
		await scheme(page, name);
		const found = await page.evaluate(contrasts);
		assert.ok(found.texts > 3, "there are texts to look at");
		assert.deepEqual(found.low, [], `${name} at ${page.url()}`);
		pages[name] = found.page;
	}
	assert.notDeepEqual(pages.light, pages.dark, "there is a dark scheme");
	await page.setViewportSize({ width: 360, height: 640 });
	const wide = await page.evaluate(() => {
		const past = (element) => element.getBoundingClientRect().right > innerWidth && !element.closest("pre, .source");
		const found = [...document.body.querySelectorAll("*")].filter(past).map((element) => element.outerHTML.slice(0, 80));
		return document.documentElement.scrollWidth > innerWidth ? [`scrolls to ${document.documentElement.scrollWidth}`, ...found] : found;
	});
	assert.deepEqual(wide, [], "fits 360 px");
	const pressed = await page.evaluate(() => [...document.querySelectorAll("caption")]
		.filter((caption) => caption.offsetWidth < caption.parentElement.clientWidth).map((caption) => caption.innerText));
	assert.deepEqual(pressed, [], "captions as wide as their tables");
}

const breaks = (fault) => request(`${demo.sandbox}/_sandbox/faults`, {
	method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fault),
});

async function connectWide(page, link) {
	await page.goto(demo.app);
	await press(page, link);
	await logIn(page);
	await press(page, "Allow");
}

const PAGES = {
	"home": { go: (page) => page.goto(demo.app) },
	"login": { go: (page) => begin(page, demo) },
	"login after a wrong password": {
		go: async (page) => {
			await begin(page, demo);
			await logIn(page, { password: "wrong" });
			await page.getByRole("alert").waitFor();
		},
		expects: [401],
	},
	"consent": { go: (page) => toConsent(page, demo) },
	"consent without a choice": {
		go: async (page) => {
			await toConsent(page, demo);
			await page.locator("option").first().evaluate((option) => (option.value = "none"));
			await press(page, "Allow");
			await page.getByRole("alert").waitFor();
		},
		expects: [400],
	},
	"install, and the home page that links to it": {
		go: async (page) => {
			await install(page, demo);
			await isFit(page);
			await page.goto(demo.app);
		},
	},
	"denied": {
		go: async (page) => {
			await toConsent(page, demo);
			await press(page, "Deny");
		},
		expects: [403],
	},
	"a forged callback": {
		go: (page) => page.goto(`${demo.app}/auth/segment/callback?code=x&state=${"y".repeat(500)}`),
		expects: [400],
	},
	"nothing there": { go: (page) => page.goto(`${demo.app}/nothing`), expects: [404] },
	"no such install": { go: (page) => page.goto(`${demo.app}/installs/none`), expects: [404] },
	"a script's error": { go: (page) => page.goto(`${demo.app}/raises`), expects: [500] },
	"the sandbox": {
		go: async (page) => {
			await install(page, demo);
			await page.goto(demo.sandbox);
			assert.match(await page.locator("main").innerText(), /\d\d:\d\d:\d\d\s+POST\s+\/oauth2\/token/);
			await page.locator("summary", { hasText: "/oauth2/token" }).click();
			await page.getByText("grant_type=authorization_code").waitFor();
		},
	},
	"the sandbox's assumptions": {
		go: async (page) => {
			await page.goto(`${demo.sandbox}/assumptions`);
			const lines = await page.evaluate(() => [...document.querySelectorAll("th")].map((cell) => {
				const range = document.createRange();
				range.selectNodeContents(cell);
				return range.getClientRects().length;
			}));
			assert.ok(lines.length > 40 && lines.every((count) => count === 1), "each number has one line, A10 too");
		},
	},
	"workspace:read's report": {
		go: async (page) => {
			await connectWide(page, "Report on a workspace");
			await page.waitForURL(/\/report$/);
		},
	},
	"workspace's sources": {
		go: async (page) => {
			await connectWide(page, "Create a source");
			await page.waitForURL(/\/sources$/);
			await isFit(page);
			await press(page, "About this install");
		},
	},
	"an install while Segment is down": {
		go: async (page) => {
			await install(page, demo);
			await breaks({ path: "/v1beta/*", status: 503, times: 100 });
			await page.reload();
			await page.getByText("Segment does not answer right now").waitFor();
		},
	},
	"an install that was removed, and another try": {
		go: async (page) => {
			await install(page, demo);
			const where = page.url();
			await page.goto(demo.sandbox);
			await press(page, "Remove installs/1");
			await page.goto(where);
			await press(page, "Try once more");
			await page.getByRole("alert").waitFor();
		},
		expects: [502],
	},
	"an exchange that failed": {
		go: async (page) => {
			await toConsent(page, demo);
			await breaks({ path: "/oauth2/token", status: 500 });
			await press(page, "Allow");
			await page.getByText("before another try").waitFor();
		},
		expects: [502],
	},
	"disconnect, and disconnected": {
		go: async (page) => {
			await install(page, demo);
			await press(page, "Disconnect");
			await page.getByRole("link", { name: "Keep it connected" }).waitFor();
			await isFit(page);
			await press(page, "Disconnect");
			await page.getByRole("heading", { name: "Disconnected" }).waitFor();
		},
	},
	"a consent that is over": {
		go: async (page) => {
			await install(page, demo);
			await page.goto(`${demo.sandbox}/authorize?consent_challenge=none`);
		},
		expects: [400],
	},
	"nothing at the sandbox": { go: (page) => page.goto(`${demo.sandbox}/nothing`), expects: [404] },
	"the sandbox's OAuth error": { go: (page) => page.goto(`${demo.sandbox}/oauth2/auth?client_id=none`), expects: [401] },
};

for (const [name, { go, expects }] of Object.entries(PAGES)) {
	browserTest(`HT-08 page: ${name}`, { expects }, async ({ page }) => {
		await go(page);
		await isFit(page);
	});
}

browserTest("a page that has none of it fails", {}, async ({ page }) => {
	await page.setContent(`<style>p { color: #777; background: #fff } div { width: 500px }</style>
		<h3>a</h3><h1>b</h1><h1>c</h1><p id=x>grey</p><b id=x>b</b><i>i</i><input><button></button><div>wide</div>`);
	const found = (await page.evaluate(flaws)).join("\n");
	for (const one of ["no title", "no lang", "not one h1", "not one main", "twice", "no label", "no name", "H3 follows", "inline", "outside of a landmark: grey"]) {
		assert.ok(found.includes(one), one);
	}
	assert.deepEqual((await page.evaluate(contrasts)).low.map((one) => one.ratio), [4.48]);
});

test("every colour of the style sheet has its dark counterpart", () => {
	const css = readFileSync(path.join(top, "lua/partnerapp/static/partnerapp.css"), "utf8");
	const [light, dark] = [...css.matchAll(/:root \{([^}]*)\}/g)].map((found) => found[1].match(/--[\w-]+(?=:)/g).sort());
	assert.deepEqual(dark, light);
});
