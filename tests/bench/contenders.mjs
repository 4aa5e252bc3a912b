// Starts what is compared: ours, the peers, and the server that stands in for Segment.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { authority } from "../http/authority.mjs";
import { freePort, top } from "../http/client.mjs";
import { launch, listening } from "./process.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const peers = path.join(here, "peers");
const ours = process.env.PARTNERAPP ?? path.join(top, "build/release/partnerapp");
const DEBIAN = "/etc/ssl/certs/ca-certificates.crt";

function nginx(core, folder, template, values) {
	const filled = readFileSync(path.join(peers, template), "utf8")
		.replace(/\{(\w+)\}/g, (all, name) => ({ folder, ...values })[name] ?? all);
	const config = path.join(folder, template);
	writeFileSync(config, filled);
	return launch(core, "nginx", ["-c", config, "-e", path.join(folder, "start.log")]);
}

const isTls = (kind) => /tls/i.test(kind);

/**
 * The stand-in for Segment, on core 1, with an authority made for the run: its origins by kind (plain; tls: HTTP/2
 * or HTTP/1.1, as the client asks; tls1: HTTP/1.1 only; slow and slowTls: each answer takes 50 ms), the authority's
 * certificate, and a bundle of Debian's authorities and the one of the run.
 */
export async function startUpstream(folder) {
	const made = authority(folder), { certFile: cert, keyFile: key } = made.issue();
	const bundle = path.join(folder, "bundle.pem");
	writeFileSync(bundle, readFileSync(DEBIAN, "utf8") + readFileSync(made.file, "utf8"));
	const ports = {};
	for (const kind of ["plain", "tls", "tls1", "slow", "slowTls"]) ports[kind] = await freePort();
	nginx("1", folder, "upstream.conf", { cert, key, ...ports });
	const upstream = { authority: made.file, bundle };
	for (const [kind, port] of Object.entries(ports)) {
		await listening(port);
		upstream[kind] = `${isTls(kind) ? "https" : "http"}://127.0.0.1:${port}`;
	}
	return upstream;
}

/**
 * Our program serving an app, as a partner would run it, with an origin of the upstream. The command is the program,
 * after the tool that runs it.
 */
export async function startOurs(folder, upstream, {
	kind = "plain", app = path.join(here, "app"), env = {}, command = [ours], name = "partnerapp",
} = {}) {
	const port = await freePort();
	const settings = {
		CLIENT_ID: "cid", CLIENT_SECRET: "a-secret-of-a-client",
		SEGMENT_ID_URL: upstream[kind], SEGMENT_API_URL: upstream[kind],
		LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: `http://127.0.0.1:${port}`, LOG_LEVEL: "warn", CALLS_PER_SECOND: "0",
		TRAFFIC: "off", // as in production
		DATABASE_URL: `sqlite:${path.join(folder, `ours-${port}.db`)}`,
		SECRET_KEY: `bench:${"0123456789abcdef".repeat(4)}`, ...(isTls(kind) && { CA_FILE: upstream.bundle }), ...env,
	};
	const [program, ...args] = command;
	const child = launch("0", program, [...args, "serve", app], settings);
	await listening(port);
	return { name, isOurs: true, origin: `http://127.0.0.1:${port}`, port, child, pid: child.pid };
}

/** The environment of a peer in Node.js. */
const node = (port, upstream, kind) =>
	({ PORT: port, UPSTREAM: upstream[kind], NODE_EXTRA_CA_CERTS: upstream.authority });

const starters = {
	"nginx-lua": (folder, port, upstream, kind) => {
		const { protocol, host } = new URL(upstream[kind]);
		const values = { port, upstream: host, scheme: protocol.slice(0, -1), bundle: upstream.bundle };
		return nginx("0", folder, "nginx.conf", values);
	},
	fastify: (folder, port, upstream, kind) =>
		launch("0", "node", [path.join(peers, "fastify.mjs")], node(port, upstream, kind)),
	express: (folder, port, upstream, kind) =>
		launch("0", "node", [path.join(peers, "express.cjs")], node(port, upstream, kind)),
	bare: (folder, port) => {
		const program = path.join(folder, "bare");
		if (!existsSync(program)) execFileSync("cc", ["-O2", "-o", program, path.join(peers, "bare.c"), "-lcivetweb"]);
		return launch("0", program, [`127.0.0.1:${port}`]);
	},
};

/** A peer on core 0, with an origin of the upstream. */
export async function startPeer(name, folder, upstream, kind = "plain") {
	const port = await freePort();
	const child = starters[name](folder, port, upstream, kind);
	await listening(port);
	return { name, origin: `http://127.0.0.1:${port}`, port, child, pid: child.pid };
}

/** The peer `name`, ours as "partnerapp", or the build `before` as "before", which is compared with ours. */
export function startContender(name, folder, upstream, { kind, before }) {
	const env = /^slow/.test(kind) ? { WORKERS: "1400" } : {}; // each connection has one, and three of four may call out
	if (name === "partnerapp") return startOurs(folder, upstream, { kind, env });
	if (name === "before") return startOurs(folder, upstream, { kind, env, name, command: [before] });
	return startPeer(name, folder, upstream, kind);
}

/** Ours and the peers named, in the order of the tables. */
export async function startContenders(folder, upstream, options) {
	const contenders = [];
	for (const name of ["partnerapp", ...(options.before ? ["before"] : []), ...options.names]) {
		contenders.push(await startContender(name, folder, upstream, options));
	}
	return contenders;
}
