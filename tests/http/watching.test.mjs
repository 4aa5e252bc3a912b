// Ways in which files change, and things that lie about in an app's folder: what is seen, and what causes nothing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	appendFileSync, chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync,
	writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { binary, folder, freePort, request, start, unprivileged } from "./harness.mjs";

const script = (text) => `local app = require("partnerapp").new {}
app:get("/version", function() return require("partnerapp.reply").text("${text}") end)
return app
`;

/** Writes an app's folder that serves a version. */
function release(...names) {
	const text = names.pop(), at = path.join(...names);
	mkdirSync(at, { recursive: true });
	writeFileSync(path.join(at, "init.lua"), script(text));
}

/** Points a link elsewhere as `ln -sfn` does: removes it first. */
function relink(to, link) {
	rmSync(link, { force: true });
	symlinkSync(to, link);
}

/** Points a link elsewhere in one step, as `mv -T` and deploying programs do. */
function swap(to, link) {
	symlinkSync(to, `${link}.new`);
	renameSync(`${link}.new`, link);
}

/** What the kubelet does for a ConfigMap: a new folder, and `..data` is swapped to it. */
function configMap(at, stamp, text, names = ["init.lua"]) {
	const before = existsSync(path.join(at, "..data")) && execFileSync("readlink", [path.join(at, "..data")], { encoding: "utf8" }).trim();
	mkdirSync(path.join(at, stamp), { recursive: true });
	for (const name of names) writeFileSync(path.join(at, stamp, name), name === "init.lua" ? script(text) : `return "${text}"\n`);
	symlinkSync(stamp, path.join(at, "..data_tmp"));
	renameSync(path.join(at, "..data_tmp"), path.join(at, "..data"));
	for (const name of names) if (!existsSync(path.join(at, name))) symlinkSync(`..data/${name}`, path.join(at, name));
	if (before) rmSync(path.join(at, before), { recursive: true });
}

const git = (at, ...args) => execFileSync("git", ["-C", at, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { stdio: "pipe" });

const APP = "app", INIT = "app/init.lua";
const plain = (at) => release(at, APP, "1");
const two = (at) => {
	release(at, "releases/1", "1");
	release(at, "releases/2", "2");
	symlinkSync("releases/1", path.join(at, "current"));
};

/**
 * Version 1 is served; after the change version 2 has to be, without a signal, and version 3 once it is saved in the
 * folder `again` (`app` unless said). `set_up` makes the files below the folder
 * `at`; `app` is the APP of the command, `app` unless said.
 * @type {{ what: string, set_up?: (at: string) => void, change: (at: string) => void, app?: string, again?: string }[]}
 */
const SEEN = [
	// Deployments.
	{ what: "a release link, removed and made again (ln -sfn)", set_up: two, app: "current", again: "current", change: (at) => relink("releases/2", `${at}/current`) },
	{ what: "a release link, swapped in one step (mv -T, Capistrano)", set_up: two, app: "current", again: "current", change: (at) => swap("releases/2", `${at}/current`) },
	{ what: "a release link by its absolute path", set_up: two, app: "/current", again: "releases/2", change: (at) => swap("releases/2", `${at}/current`) },
	{ what: "a release link swapped twice, the first release removed between", set_up: two, app: "current", again: "current",
		change: (at) => { swap("releases/2", `${at}/current`); rmSync(`${at}/releases/1`, { recursive: true }); release(at, "releases/3", "2"); swap("releases/3", `${at}/current`); } },
	{ what: "a link above the app's folder", set_up: (at) => {
		release(at, "releases/1/app", "1");
		release(at, "releases/2/app", "2");
		symlinkSync("releases/1", `${at}/current`);
	}, app: "current/app", again: "current/app", change: (at) => swap("releases/2", `${at}/current`) },
	{ what: "a link to a link (stable -> current -> releases/1)", set_up: (at) => { two(at); symlinkSync("current", `${at}/stable`); }, app: "stable", again: "current",
		change: (at) => swap("releases/2", `${at}/current`) },
	{ what: "the folder renamed away, a new one renamed into its place", set_up: (at) => { plain(at); release(at, "new", "2"); },
		change: (at) => { renameSync(`${at}/app`, `${at}/old`); renameSync(`${at}/new`, `${at}/app`); } },
	{ what: "the folder above renamed away, a new one renamed into its place", set_up: (at) => { release(at, "site/app", "1"); release(at, "new/app", "2"); },
		app: "site/app", again: "site/app", change: (at) => { renameSync(`${at}/site`, `${at}/old`); renameSync(`${at}/new`, `${at}/site`); } },
	{ what: "the folder removed and made again", change: (at) => { rmSync(`${at}/app`, { recursive: true }); release(at, APP, "2"); } },
	{ what: "./lua/app of the working directory, a swapped link", set_up: (at) => { two(at); mkdirSync(`${at}/lua`); symlinkSync("../current", `${at}/lua/app`); },
		app: "", again: "releases/2", change: (at) => swap("releases/2", `${at}/current`) },
	// Kubernetes.
	{ what: "a ConfigMap (files through ..data)", set_up: (at) => configMap(path.join(at, APP), "..2024_1", "1"), again: "app/..2024_2", change: (at) => configMap(path.join(at, APP), "..2024_2", "2") },
	{ what: "a ConfigMap with a module beside init.lua", set_up: (at) => {
		configMap(path.join(at, APP), "..2024_1", "1", ["init.lua", "text.lua"]);
	}, again: "app/..2024_2", change: (at) => configMap(path.join(at, APP), "..2024_2", "2", ["init.lua", "text.lua"]) },
	// Single files.
	{ what: "a file that is a link, swapped", set_up: (at) => { release(at, "app/v1", "1"); release(at, "app/v2", "2"); symlinkSync("v1/init.lua", `${at}/app/init.lua`); }, again: "app/v2",
		change: (at) => swap("v2/init.lua", `${at}/app/init.lua`) },
	{ what: "a file that is a link into a folder whose name begins with a dot, written", set_up: (at) => { release(at, "app/.real", "1"); symlinkSync(".real/init.lua", `${at}/app/init.lua`); }, again: "app/.real",
		change: (at) => release(at, "app/.real", "2") },
	{ what: "a file written through a mapping of its bytes in place", change: (at) => writeFileSync(`${at}/${INIT}`, script("2"), { flag: "r+" }) },
	{ what: "a file with the time of before (cp -p, tar)", change: (at) => { writeFileSync(`${at}/${INIT}`, script("2")); utimesSync(`${at}/${INIT}`, 1e9, 1e9); } },
	// Editors and programs.
	{ what: "vim: the old file becomes init.lua~, a new one is written", change: (at) => {
		writeFileSync(`${at}/app/4913`, "");
		unlinkSync(`${at}/app/4913`);
		renameSync(`${at}/${INIT}`, `${at}/${INIT}~`);
		release(at, APP, "2");
		unlinkSync(`${at}/${INIT}~`);
	} },
	{ what: "emacs: a lock link, #init.lua#, then a write", change: (at) => {
		symlinkSync("somebody@host.1:2", `${at}/app/.#init.lua`);
		writeFileSync(`${at}/app/#init.lua#`, "half");
		release(at, APP, "2");
		unlinkSync(`${at}/app/.#init.lua`);
		unlinkSync(`${at}/app/#init.lua#`);
	} },
	{ what: "JetBrains: ___jb_tmp___ and ___jb_old___", change: (at) => {
		writeFileSync(`${at}/${INIT}___jb_tmp___`, script("2"));
		renameSync(`${at}/${INIT}`, `${at}/${INIT}___jb_old___`);
		renameSync(`${at}/${INIT}___jb_tmp___`, `${at}/${INIT}`);
		unlinkSync(`${at}/${INIT}___jb_old___`);
	} },
	{ what: "gedit: .goutputstream-XXXXXX renamed", change: (at) => { writeFileSync(`${at}/app/.goutputstream-ABC123`, script("2")); renameSync(`${at}/app/.goutputstream-ABC123`, `${at}/${INIT}`); } },
	{ what: "rsync: .init.lua.AbC123 renamed", change: (at) => { writeFileSync(`${at}/app/.init.lua.AbC123`, script("2")); renameSync(`${at}/app/.init.lua.AbC123`, `${at}/${INIT}`); } },
	{ what: "sed -i", change: (at) => execFileSync("sed", ["-i", 's/"1"/"2"/', `${at}/${INIT}`]) },
	{ what: "git checkout of another branch", set_up: (at) => {
		plain(at);
		git(`${at}/app`, "init", "-q", "-b", "main");
		git(`${at}/app`, "add", ".");
		git(`${at}/app`, "commit", "-qm", "1");
		git(`${at}/app`, "checkout", "-qb", "other");
		release(at, APP, "2");
		git(`${at}/app`, "commit", "-qam", "2");
		git(`${at}/app`, "checkout", "-q", "main");
	}, change: (at) => git(`${at}/app`, "checkout", "-q", "other") },
];

const LIMITED = (count) => ["unshare", "-Ur", "sh", "-c", `echo ${count} > /proc/sys/user/max_inotify_watches && exec "$@"`, "sh"];
const NO_INSTANCE = ["unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh"];

/** Whether the kernel lets this user make a namespace with limits of its own. */
const LIMITS = (() => {
	try {
		execFileSync(LIMITED(1)[0], [...LIMITED(1).slice(1), "true"], { stdio: "pipe" });
		return {};
	} catch {
		return { skip: "user namespaces are not allowed here" };
	}
})();

/** Where files are watched by looking: as SEEN, and `says` is in the log once. */
const LOOKED = [
	{ what: "no watch is left (ENOSPC)", limit: LIMITED(0), says: /fs\.inotify\.max_user_watches/ },
	{ what: "watches for some folders only", limit: LIMITED(2), says: /fs\.inotify\.max_user_watches/ },
	{ what: "no inotify instance is left (EMFILE)", limit: NO_INSTANCE, says: /fs\.inotify\.max_user_instances/ },
];

const MOUNTS = (at, commands) => ["unshare", "-Urm", "sh", "-c", `cd "${at}" && ${commands} && exec "$@"`, "sh"];

/** Mounts that only the program has: its \`files\` are reached through /proc. As SEEN. */
const MOUNTED = [
	{ what: "a folder that is mounted (docker -v ./app:/app)", mount: "mount -t tmpfs host host && cp app/init.lua host && mount --bind host app", change: (files) => release(files, "host", "2") },
	{ what: "a file that is mounted alone (docker -v ./init.lua:/app/init.lua), written",
		mount: "mount -t tmpfs host host && cp app/init.lua host && mount --bind host/init.lua app/init.lua", change: (files) => release(files, "host", "2") },
	{ what: "a folder that is mounted below the app's (docker -v ./views:/app/views)",
		mount: "mkdir app/more && mount -t tmpfs host host && cp app/init.lua host/real.lua && mount --bind host app/more && ln -sf more/real.lua app/init.lua",
		change: (files) => writeFileSync(`${files}/host/real.lua`, script("2")) },
];

/** What may happen without a reload. @type {[what: string, set_up: (at: string) => void, change: (at: string) => void][]} */
const QUIET = [
	["a log that grows", (at) => writeFileSync(`${at}/app/server.log`, ""), (at) => appendFileSync(`${at}/app/server.log`, "line\n")],
	["a log that appears", () => {}, (at) => writeFileSync(`${at}/app/server.log`, "")],
	["a database's journal comes and goes", (at) => writeFileSync(`${at}/app/data.db`, ""), (at) => {
		for (let i = 0; i < 5; i++) {
			writeFileSync(`${at}/app/data.db-journal`, "x");
			unlinkSync(`${at}/app/data.db-journal`);
		}
	}],
	["git's own files", (at) => mkdirSync(`${at}/app/.git`), (at) => {
		writeFileSync(`${at}/app/.git/index.lock`, "");
		renameSync(`${at}/app/.git/index.lock`, `${at}/app/.git/index`);
	}],
	["vim's swap file and emacs' lock", () => {}, (at) => {
		writeFileSync(`${at}/app/.init.lua.swp`, "x");
		relink("somebody@host.1:2", `${at}/app/.#init.lua`);
	}],
	["a package that is installed", (at) => mkdirSync(`${at}/app/node_modules`), (at) => {
		mkdirSync(`${at}/app/node_modules/x`, { recursive: true });
		writeFileSync(`${at}/app/node_modules/x/index.js`, "");
	}],
	["files beside the app's folder", () => {}, (at) => { writeFileSync(`${at}/other.lua`, ""); mkdirSync(`${at}/more`, { recursive: true }); }],
	["files in a folder that a link leads out to", (at) => { mkdirSync(`${at}/outside`); symlinkSync("../../outside", `${at}/app/out`); }, (at) => writeFileSync(`${at}/outside/a.lua`, "= 1")],
	["a release that no link leads to", () => {}, (at) => writeFileSync(`${at}/releases/2/init.lua`, script("8"))],
];

/** What may lie in the app's folder: the app starts, and a save is seen. @type {[what: string, set_up: (at: string) => void][]} */
const LIES_ABOUT = [
	["node_modules with more files than an app may have", (at) => {
		for (let i = 0; i < 30; i++) {
			mkdirSync(`${at}/node_modules/p${i}`, { recursive: true });
			for (let j = 0; j < 100; j++) writeFileSync(`${at}/node_modules/p${i}/${j}.js`, "");
		}
	}],
	["node_modules in a folder below", (at) => {
		mkdirSync(`${at}/static/node_modules/x`, { recursive: true });
		for (let j = 0; j < 2100; j++) writeFileSync(`${at}/static/node_modules/x/${j}.js`, "");
	}],
	["node_modules whose scripts are larger than 32 MiB", (at) => {
		mkdirSync(`${at}/node_modules/x`, { recursive: true });
		writeFileSync(`${at}/node_modules/x/large.js`, Buffer.alloc(33 << 20));
	}],
	[".git, .venv and other folders with a dot", (at) => {
		for (const name of [".git", ".venv", ".idea", ".hg"]) {
			mkdirSync(`${at}/${name}/x`, { recursive: true });
			writeFileSync(`${at}/${name}/x/a.lua`, "= 1");
		}
	}],
	["a socket", (at) => execFileSync(process.execPath, ["-e", 'require("net").createServer().listen(process.argv[1], () => process.exit(0))', `${at}/app.sock.txt`])],
	["a FIFO with a script's name", (at) => execFileSync("mkfifo", [`${at}/pipe.lua`])],
	["a link that leads nowhere", (at) => symlinkSync("nowhere.lua", `${at}/gone.lua`)],
	["a link to itself", (at) => symlinkSync("self.lua", `${at}/self.lua`)],
	["a link to the app's own folder", (at) => symlinkSync(".", `${at}/again`)],
	["a link to the folder above", (at) => symlinkSync("..", `${at}/up`)],
	["a link to the root of the file system", (at) => symlinkSync("/", `${at}/all`)],
	["a folder that may not be read (lost+found)", (at) => { mkdirSync(`${at}/lost+found`); chmodSync(`${at}/lost+found`, 0); }],
	["a static file that may not be read", (at) => { mkdirSync(`${at}/static`); writeFileSync(`${at}/static/secret.txt`, ""); chmodSync(`${at}/static/secret.txt`, 0); }],
	["a name that is not UTF-8", (at) => closeSync(openSync(Buffer.concat([Buffer.from(`${at}/a`), Buffer.from([0xff, 0xfe]), Buffer.from(".txt")]), "w"))],
	["a name of 255 bytes", (at) => writeFileSync(`${at}/${"n".repeat(251)}.txt`, "")],
	["folders 40 deep", (at) => mkdirSync(path.join(at, ...Array(40).fill("d")), { recursive: true })],
];

/** Serves the app of a case until the test ends. */
async function serve(t, { set_up = plain, app = APP, program = [] }) {
	const place = folder(), port = await freePort();
	const url = `http://localhost:${port}`;
	t.after(() => { execFileSync("chmod", ["-R", "u+rwX", place.name]); place.remove(); });
	set_up(place.name);
	const named = app.startsWith("/") ? place.name + app : app;
	const env = { CLIENT_ID: "a", CLIENT_SECRET: "secret-of-a", LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: url, DATABASE_URL: "sqlite::memory:", SECRET_KEY: "ab".repeat(32) };
	const server = await start(["serve", ...(named ? [named] : [])], { cwd: place.name, env, program: [...(typeof program === "function" ? program(place.name) : program), binary] });
	t.after(() => server.stop());
	const version = async () => (await request(`${url}/version`)).text;
	const page = async () => (await request(`${url}/version`, { headers: { accept: "text/html" } })).text;
	return Object.assign(server, { at: place.name, version, page });
}

const NEVER_MS = 8000;

/** Waits until a version is served. Fails after some seconds: what has to be seen is seen within two. */
async function serves(server, wanted) {
	const until = Date.now() + NEVER_MS;
	let served;
	while ((served = await server.version()) !== wanted) {
		assert.ok(Date.now() < until, `${served.slice(0, 200)} is served, not ${wanted}: ${server.err.slice(-500)}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

describe("RL-03 RL-06 a change is seen", { concurrency: 2 }, () => {
	for (const one of SEEN) {
		test(one.what, async (t) => {
			const server = await serve(t, one);
			await serves(server, "1");
			one.change(server.at);
			await serves(server, "2");
			release(server.at, one.again ?? APP, "3"); // what is there now is watched
			await serves(server, "3");
		});
	}
});

describe("RL-06 a change in a mount is seen", { concurrency: 2, ...LIMITS }, () => {
	for (const { what, mount, change } of MOUNTED) {
		test(what, async (t) => {
			const set_up = (at) => { plain(at); mkdirSync(`${at}/host`); };
			const server = await serve(t, { set_up, program: (at) => MOUNTS(at, mount) });
			await serves(server, "1");
			change(`/proc/${server.child.pid}/root${server.at}`);
			await serves(server, "2");
		});
	}
});

describe("RL-06 without events the program says so once and looks every second", { concurrency: 2, ...LIMITS }, () => {
	for (const { what, limit, says } of LOOKED) {
		test(what, async (t) => {
			const set_up = (at) => { two(at); for (const name of ["views", "static", "more"]) mkdirSync(`${at}/releases/1/${name}`); };
			const server = await serve(t, { set_up, app: "current", program: limit });
			await serves(server, "1");
			assert.match(server.err, says);
			release(server.at, "releases/1", "9");
			await serves(server, "9");
			mkdirSync(`${server.at}/releases/1/deep/er`, { recursive: true });
			await server.logs('"reloaded"', () => writeFileSync(`${server.at}/releases/1/deep/er/a.lua`, "return 1"));
			swap("releases/2", `${server.at}/current`);
			await serves(server, "2");
			assert.equal(server.err.split("every second").length - 1, 1);
		});
	}
});

describe("RL-03 no reload", { concurrency: 2 }, () => {
	for (const [what, set_up, change] of QUIET) {
		test(what, async (t) => {
			const server = await serve(t, { set_up: (at) => { two(at); symlinkSync("releases/1", `${at}/app`); set_up(at); } });
			await serves(server, "1");
			for (let i = 0; i < 3; i++) {
				change(server.at);
				await server.page(); // has waited for what was changed before
			}
			release(server.at, APP, "7");
			assert.equal(await server.page(), "7");
			await server.logged('"reloaded"');
			assert.equal(server.err.split('"reloaded"').length, 2);
		});
	}
});

describe("TO-08 what lies about in an app's folder does not stop it", { concurrency: 2 }, () => {
	for (const [what, set_up] of LIES_ABOUT) {
		test(what, async (t) => {
			const server = await serve(t, { set_up: (at) => { plain(at); set_up(path.join(at, APP)); }, program: unprivileged });
			await serves(server, "1");
			release(server.at, APP, "2");
			await serves(server, "2");
		});
	}
});
