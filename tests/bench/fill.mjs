// Fills the two databases of a server that is stopped: rows straight into the program's own tables, a minute for the
// many. The texts look like those of an app in use; what is rare and what is frequent in them is known to dashboard.mjs.
import { execFileSync } from "node:child_process";

/** A word that exactly one exchange has, in the body of its answer; and one that all have. */
export const RARE = "needle-in-a-haystack", FREQUENT = "partner.example";

const series = (count) => `WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ${count})`;

// Nothing is opened with these tokens: the pages show no token.
const installs = (count) => `${series(count)}
INSERT INTO pa_installs (id, server, api_origin, client_id, name, client, redirect_uri, app_name, workspace, source, scope,
	asked_scope, access_token, expires_at, renew_at, health, health_reason, created_at, updated_at)
SELECT printf('install%05d', n), 'https://id.segment.example', 'https://api.segment.example', 'cid', 'partner/' || n, 'segment',
	'http://localhost:8888/auth/segment/callback', 'Partner', 'workspaces/' || (n % 997), 'workspaces/' || (n % 997) || '/sources/js' || n,
	'destination', 'destination', x'00', now + 3600, now + 3000, iif(n % 50, 'ok', 'needs_reconnect'),
	iif(n % 50, NULL, 'Segment refused to renew the token'), now - n * 60, now - n * 60
FROM series, (SELECT unixepoch() AS now);`;

const stories = (count) => `${series(count)}
INSERT INTO pa_stories (n, id, kept_at, body, slug, what, outcome, label)
SELECT n, printf('story%05d', n), unixepoch() - n * 30, '{"destination":"Acme","actions":[],"filler":"' || hex(zeroblob(50000)) || '"}',
	'acme', 'track Signed Up', iif(n % 7, 'delivered', 'FILTERED_BY_TRIGGER'), NULL
FROM series;`;

const SHELVES = 8; // the tables of the index: as many as fill a database

const shelf = (n, size, before) => `CREATE VIRTUAL TABLE words_${n} USING fts5(text, content='', tokenize='trigram');
INSERT INTO shelves (n, first, last, bytes, begun) VALUES (${n}, ${before * size + 1}, ${n * size}, 0, unixepoch() * 1000);
INSERT INTO words_${n} (rowid, text) SELECT id, text FROM said WHERE id BETWEEN ${before * size + 1} AND ${n * size};`;

// A quarter each: a callback, its call for the token, a page of an install, a call to the partner's API.
const exchanges = (count) => `${series(count)}, rows AS (SELECT n, n % 4 AS kind, (n * 7919) % 100000 AS mixed,
	(unixepoch() - (${count} - n)) * 1000 AS at FROM series)
INSERT INTO exchanges (id, direction, at, took, method, url, status, outcome, error, request_id, install, flow, peer)
SELECT n, iif(kind % 2, 'out', 'in'), at, 1000 + mixed, iif(kind % 2, 'POST', 'GET'),
	CASE kind WHEN 0 THEN '/auth/segment/callback?code=***&state=***' WHEN 1 THEN 'https://id.segment.example/oauth2/token'
		WHEN 2 THEN '/installs/' || hex(n * 7919) ELSE 'https://api.partner.example/v1/events/' || mixed END,
	CASE WHEN mixed = 77 THEN NULL WHEN mixed < 100 THEN 503 WHEN mixed < 2000 THEN 404 WHEN kind = 0 THEN 302 ELSE 200 END,
	CASE WHEN mixed = 77 THEN 'timeout' WHEN mixed < 100 THEN 'refused' ELSE 'answered' END,
	NULL, 'request-' || (n - kind % 2), printf('install%05d', 1 + n / 4 % 10000), iif(kind < 2, 'flow-' || (n / 4), NULL), '127.0.0.1'
FROM rows;
${series(count)}
INSERT INTO parts SELECT n, 'Host: app.partner.example' || char(10) || 'User-Agent: Mozilla/5.0 (X11; Linux x86_64)' || char(10)
	|| 'Accept: application/json' || char(10) || 'X-Trace: ' || (n * 7919) || char(10),
	iif(n % 2, '{"type":"track","event":"Signed Up","userId":"u-' || n || '","properties":{"plan":"team","seats":' || (n % 40) || '}}', ''),
	iif(n % 2, 90, 0), NULL, 'Content-Type: application/json' || char(10) || 'Date: Thu, 01 Jan 2026 00:00:00 GMT' || char(10),
	'{"id":"' || lower(hex(randomblob(16))) || '","status":"' || iif(n = ${Math.ceil(count / 3)}, '${RARE}', 'accepted')
		|| '","workspace":{"name":"Workspace ' || (n % 997) || '","slug":"userworkspace"}}', 120, NULL
FROM series;
${Array.from({ length: SHELVES }, (_, i) => shelf(i + 1, Math.ceil(count / SHELVES), i)).join("\n")}`;

function run(file, sql) {
	const fast = "PRAGMA journal_mode = wal; PRAGMA synchronous = off; BEGIN;";
	execFileSync("sqlite3", ["-bail", file], { input: `${fast}\n${sql}\nCOMMIT;`, stdio: ["pipe", "ignore", "inherit"] });
}

/** Adds rows to a server's database and to that of its exchanges. */
export function fill(file, counts) {
	run(file, installs(counts.installs) + stories(counts.stories));
	run(`${file.replace(/\.db$/, "")}.traffic.db`, exchanges(counts.exchanges));
}
