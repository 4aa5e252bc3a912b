// The man pages and the completions for bash and zsh that are installed with the program: they have every command and
// option of --help, and the shells take them.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { binary, folder, run, until } from "./harness.mjs";
import { AT_A_TERMINAL, terminal } from "./terminal.mjs";

const build = path.dirname(binary);
const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** The commands in a help text, and the flags: { names, flags }. */
function read(help) {
	const [usage] = help.split("\nExamples:\n");
	return {
		names: [...usage.matchAll(/^ {2}([a-z]+) +\S/gm)].map(([, name]) => name),
		flags: [...usage.matchAll(/^ {2}(?:(-\w), )?(--[a-z-]+)/gm)].flatMap(([, short, name]) => (short ? [short, name] : [name])),
		takesSettings: usage.includes("--SETTING"),
	};
}

describe("the manual", () => {
	const { name: place, remove } = folder();
	const share = path.join(place, "usr/share"), here = path.join(place, "here");
	const installed = path.join(place, "usr/bin/partnerapp");
	const bashFile = path.join(share, "bash-completion/completions/partnerapp");
	const zshFolder = path.join(share, "zsh/site-functions");
	const commands = new Map(); // name → what its help has
	let first, settings;
	after(remove);

	before(async () => {
		execFileSync("cmake", ["--install", build, "--prefix", path.join(place, "usr")], { stdio: "ignore" });
		mkdirSync(path.join(here, "destinations"), { recursive: true });
		mkdirSync(path.join(here, "my app"));
		for (const file of ["init.lua", "event.json", "destinations/acme.lua", "destinations/init.lua"]) {
			writeFileSync(path.join(here, file), "");
		}
		const help = async (...words) => read((await run([...words, "--help"], { cwd: place, program: installed })).out);
		const add = async (...words) => {
			const found = await help(...words);
			commands.set(words.join(" "), found);
			for (const name of found.names) await add(...words, name);
		};
		first = (await help()).names;
		for (const name of first) await add(name);
		const { out } = await run(["config", "--json"], { cwd: here, program: installed }); // its app has no settings
		settings = JSON.parse(out).filter((one) => !one.secret).map((one) => `--${one.name.toLowerCase().replaceAll("_", "-")}`);
		assert.ok(commands.size > 14 && commands.has("setup token") && settings.length > 20);
	});

	const page = (name) => readFileSync(path.join(share, "man/man1", `${name}.1`), "utf8");

	test("there is a man page for each command, with its options", () => {
		const names = [...commands.keys()].map((name) => `partnerapp-${name.replace(" ", "-")}`);
		const files = readdirSync(path.join(share, "man/man1")).sort();
		assert.deepEqual(files, ["partnerapp", ...names].map((name) => `${name}.1`).sort());
		for (const [name, { flags }] of commands) {
			const text = page(`partnerapp-${name.replace(" ", "-")}`).replaceAll("\\-", "-");
			for (const flag of flags) assert.ok(text.includes(`"${flag}`) || text.includes(`, ${flag}"`), `${name} ${flag}`);
			assert.ok(page("partnerapp").replaceAll("\\-", "-").includes(`.BR partnerapp-${name.replace(" ", "-")} (1)`), name);
		}
		for (const flag of settings) assert.ok(page("partnerapp").replaceAll("\\-", "-").includes(`, ${flag}"`), flag);
	});

	test("groff has nothing against them", { skip: has("groff") ? false : "groff is not installed" }, () => {
		for (const file of readdirSync(path.join(share, "man/man1"))) {
			const { stderr, stdout, status } = spawnSync("groff", ["-man", "-Tutf8", "-ww", path.join(share, "man/man1", file)], { encoding: "utf8" });
			assert.equal(stderr, "", file);
			assert.equal(status, 0);
			const text = stdout.replace(/\x1b\[[\d;]*m|.\x08/g, "");
			for (const part of ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "SEE ALSO"]) assert.match(text, new RegExp(`^${part}$`, "m"), file);
		}
	});

	/** What bash completes: the last word is the one that is typed. */
	function bash(...words) {
		const script = 'source "$1"; shift; COMP_WORDS=(partnerapp "$@"); COMP_CWORD=$#; _partnerapp; printf "%s\\n" "${COMPREPLY[@]}"';
		const out = execFileSync("bash", ["--norc", "-c", script, "bash", bashFile, ...words], { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
		return out.split("\n").filter(Boolean).sort();
	}

	test("bash completes every command and every option", () => {
		assert.deepEqual(bash(""), [...first, "help"].sort());
		for (const [name, { names, flags, takesSettings }] of commands) {
			const words = name.split(" ");
			const wanted = [...flags, "--help", ...(takesSettings ? settings : [])].sort();
			assert.deepEqual(bash(...words, "-"), wanted, name);
			if (names.length > 0) assert.deepEqual(bash(...words, ""), [...names].sort(), name);
		}
	});

	for (const [typed, wanted] of [
		[["de"], ["demo"]],
		[["-"], ["--help", "--version"]],
		[["help", "de"], ["demo"]],
		[["help", "new", ""], ["app", "destination"]],
		[["setup", "t"], ["token"]],
		[["keys", ""], ["rotate"]],
		[["serve", "my"], ["my app"]],
		[["serve", "--no-reload", "my"], ["my app"]],
		[["serve", "my app", ""], []],
		[["new", "app", "d"], ["destinations"]],
		[["try", ""], ["acme"]],
		[["try", "acme", "track", "-e", "ev"], ["event.json"]],
		[["try", "-e", "event.json", "a"], ["acme"]],
		[["try", "--event", "=", "ev"], ["event.json"]],
		[["try", "--event", "="], ["destinations", "event.json", "init.lua", "my app"]],
		[["try", "--sample", "i"], ["identify"]],
		[["try", "--app", "my"], ["my app"]],
		[["demo", "--destination", "mix"], ["mixpanel"]],
		[["demo", "--log-level", "w"], ["warn"]],
		[["sandbox", "--sandbox-strict", ""], ["0", "1"]],
		[["config", "--ca-file", "ev"], ["event.json"]],
		[["config", "--workers", ""], []],
		[["config", "--workers", "5", "--js"], ["--json"]],
		[["setup", "app", "--public", ""], ["no", "yes"]],
		[["installs", "a"], ["adopt"]],
		[["installs", "--js"], ["--json"]],
		[["nothing", ""], []],
	]) {
		test(`bash completes: partnerapp ${typed.join(" ")}`, () => assert.deepEqual(bash(...typed), [...wanted].sort()));
	}

	test("zsh has every command and every option", () => {
		const text = readFileSync(path.join(zshFolder, "_partnerapp"), "utf8");
		for (const name of first) assert.ok(text.includes(`'${name}:`), name);
		for (const flag of [...commands.values()].flatMap(({ flags }) => flags).concat(settings)) {
			assert.match(text, new RegExp(`'\\*${flag}=?\\[`), flag);
		}
	});

	test("zsh completes commands, options, values and files", { ...AT_A_TERMINAL, skip: has("zsh") ? AT_A_TERMINAL.skip : "zsh is not installed" }, async (t) => {
		const shell = terminal(t, "zsh -f -i", { cwd: here, env: { HOME: place, TERM: "xterm", PS1: "begin> " } });
		// Ctrl-T writes the line to a file: what the editor draws of it is in pieces.
		const lines = path.join(place, "lines");
		writeFileSync(lines, "");
		await shell.answer("begin> ", `stty rows 200 cols 200; fpath=(${zshFolder} $fpath); autoload -Uz compinit; compinit -D -u; ` +
			`line() { print -r -- $BUFFER >>${lines} }; zle -N line; bindkey '^T' line; bindkey '^U' kill-whole-line; PS1='ready''> '\r`);
		await shell.shows("ready> ");
		let asked = 0;
		/** Types a line and TAB, and gives the line that zsh made of it. */
		const types = async (line) => {
			asked += 1;
			shell.shown = "";
			await shell.answer("", `${line}\t\x14\x15`);
			const has = (text) => text.split("\n").length > asked;
			return (await until(() => readFileSync(lines, "utf8"), has)).split("\n")[asked - 1];
		};
		for (const [line, wanted] of [
			["partnerapp de", "partnerapp demo "],
			["partnerapp help con", "partnerapp help config "],
			["partnerapp setup t", "partnerapp setup token "],
			["partnerapp setup app --pu", "partnerapp setup app --public"],
			["partnerapp try --sample id", "partnerapp try --sample identify "],
			["partnerapp try -e ev", "partnerapp try -e event.json "],
			["partnerapp try ac", "partnerapp try acme "],
			["partnerapp try acme --ev", "partnerapp try acme --event="],
			["partnerapp demo --log-level=wa", "partnerapp demo --log-level=warn "],
			["partnerapp demo --destination mixp", "partnerapp demo --destination mixpanel "],
			["partnerapp serve my", "partnerapp serve my\\ app/"],
			["partnerapp keys r", "partnerapp keys rotate "],
			["partnerapp installs a", "partnerapp installs adopt "],
			["partnerapp installs --js", "partnerapp installs --json "],
			["partnerapp installs --json --dem", "partnerapp installs --json --demo "],
			["partnerapp installs adopt --al", "partnerapp installs adopt --all "],
			["partnerapp --vers", "partnerapp --version "],
			["partnerapp help new app", "partnerapp help new app "],
			["partnerapp nothing de", "partnerapp nothing de"],
		]) assert.equal(await types(line), wanted);
		await types("partnerapp ");
		for (const name of first) await shell.shows(`${name.padEnd(9)} -- `);
		await types("partnerapp try --");
		for (const flag of [...commands.get("try").flags, ...settings]) await shell.shows(flag);
		await shell.shows("-- really sends the requests");
		shell.shown = "";
		await shell.answer("", "exit\r");
		await shell.ended;
	});
});
