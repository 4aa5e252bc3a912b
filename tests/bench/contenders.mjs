// Starts what is compared: ours, the peers, and the server that stands in for Segment.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, top } from "../http/client.mjs";
import { launch, listening } from "./process.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const peers = path.join(here, "peers");
const ours = path.join(top, "build/release/partnerapp");

function nginx(core, folder, template, values) {
	const filled = readFileSync(path.join(peers, template), "utf8")
		.replace(/\{(\w+)\}/g, (all, name) => ({ folder, ...values })[name] ?? all);
	const config = path.join(folder, template);
	writeFileSync(config, filled);
	return launch(core, "nginx", ["-c", config, "-e", path.join(folder, "start.log")]);
}

/** The stand-in for Segment, on core 1: its origin. */
export async function startUpstream(folder) {
	const port = await freePort();
	nginx("1", folder, "upstream.conf", { upstream: `127.0.0.1:${port}` });
	await listening(port);
	return `http://127.0.0.1:${port}`;
}

/** Our program serving an app, as a partner would run it; `command` is the program, after the tool that runs it. */
export async function startOurs(folder, upstream, app = path.join(here, "app"), env = {}, command = [ours]) {
	const port = await freePort();
	const settings = {
		CLIENT_ID: "cid", CLIENT_SECRET: "a-secret-of-a-client", SEGMENT_ID_URL: upstream, SEGMENT_API_URL: upstream,
		LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: "http://localhost:8888", LOG_LEVEL: "warn", CALLS_PER_SECOND: "0",
		DATABASE_URL: `sqlite:${path.join(folder, `ours-${port}.db`)}`,
		SECRET_KEY: `bench:${"0123456789abcdef".repeat(4)}`, ...env,
	};
	const [program, ...args] = command;
	const child = launch("0", program, [...args, "serve", app], settings);
	await listening(port);
	return { name: "partnerapp", origin: `http://127.0.0.1:${port}`, port, child, pid: child.pid };
}

const starters = {
	"nginx-lua": (folder, port, upstream) =>
		nginx("0", folder, "nginx.conf", { port, upstream: upstream.replace("http://", "") }),
	fastify: (folder, port, upstream) =>
		launch("0", "node", [path.join(peers, "fastify.mjs")], { PORT: port, UPSTREAM: upstream }),
	express: (folder, port, upstream) =>
		launch("0", "node", [path.join(peers, "express.cjs")], { PORT: port, UPSTREAM: upstream }),
	bare: (folder, port) => {
		const program = path.join(folder, "bare");
		execFileSync("cc", ["-O2", "-o", program, path.join(peers, "bare.c"), "-lcivetweb"]);
		return launch("0", program, [`127.0.0.1:${port}`]);
	},
};

export const peerNames = Object.keys(starters);

/** A peer on core 0. */
export async function startPeer(name, folder, upstream) {
	const port = await freePort();
	const child = starters[name](folder, port, upstream);
	await listening(port);
	return { name, origin: `http://127.0.0.1:${port}`, port, child, pid: child.pid };
}
