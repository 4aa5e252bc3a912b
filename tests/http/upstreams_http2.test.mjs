// Upstreams of HTTP/2: calls share a connection, and what goes wrong with one of them, or with all, has its code.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { authority } from "./authority.mjs";
import { CALLER, allFrom, callFrom, page, saysWhatArrived } from "./calls.mjs";
import { error, flag, frame, header, startFrames, STATUS_200, type } from "./frames.mjs";
import { folder, request, startApp, until } from "./harness.mjs";

const hello = (session, stream) => session.answer(stream);
const status = (code) => Buffer.concat([Buffer.from([8, 3]), Buffer.from(String(code))]);

/** Sends frames again and again, as fast as the peer reads, until the connection closes. */
function pour(session, next) {
	const more = () => {
		while (!session.socket.destroyed && session.socket.write(next()));
	};
	session.socket.on("drain", more);
	more();
}

// A body of a request that is never sent whole, for the window stays as it is.
const LARGE = "x".repeat(100_000);

/** Of each upstream: the code of a POST, and what the upstream does; `taken` is false when it tells that it did nothing. */
const failing = {
	"closes": ["bad_response", { request: (session) => session.socket.destroy() }],
	"closes without reading": ["bad_response", { begin: (session) => session.socket.destroy(), request: () => {} }],
	"resets the connection": ["bad_response", { request: (session) => session.tcp.resetAndDestroy() }],
	"closes in the head": ["bad_response", { request: (session, stream) => {
		session.head(stream, [], 0);
		session.socket.end();
	} }],
	"closes in the body": ["bad_response", { request: (session, stream) => {
		session.head(stream);
		session.send(frame(type.DATA, 0, stream, "only this"));
		session.socket.end();
	} }],

	"stalls": ["timeout", { request: () => {} }],
	"stalls before its settings": ["timeout", { begin: (session) => (session.silent = true), request: () => {} }],
	"stalls in the head": ["timeout", { request: (session, stream) => session.head(stream, [], 0) }],
	"stalls in the body": ["timeout", { request: (session, stream) => {
		session.head(stream);
		session.send(frame(type.DATA, 0, stream, "only this"));
	} }],
	"stalls in a frame": ["timeout", { request: (session, stream) => {
		session.head(stream);
		session.send(frame(type.DATA, 0, stream, "only", 100));
	} }],

	"resets the stream": ["bad_response", { request: (session, stream) => session.reset(stream, error.INTERNAL_ERROR) }],
	"cancels the stream": ["bad_response", { request: (session, stream) => session.reset(stream, error.CANCEL) }],
	"resets the stream without an error": ["bad_response", { request: (session, stream) => session.reset(stream, error.NO_ERROR) }],
	"resets the stream in the body": ["bad_response", { request: (session, stream) => {
		session.head(stream);
		session.send(frame(type.DATA, 0, stream, "only this"));
		session.reset(stream, error.INTERNAL_ERROR);
	} }],
	"cuts an early answer": ["bad_response", { body: LARGE, open: (session, stream) => {
		session.head(stream, [header("content-length", "100")]);
		session.send(frame(type.DATA, 0, stream, "only this"));
		session.reset(stream, error.NO_ERROR);
	}, request: () => {} }],
	"cuts an early answer of no length": ["bad_response", { body: LARGE, open: (session, stream) => {
		session.head(stream);
		session.send(frame(type.DATA, 0, stream, "only this"));
		session.reset(stream, error.NO_ERROR);
	}, request: () => {} }],
	"refuses the stream": ["bad_response", { taken: false, request: (session, stream) => session.reset(stream, error.REFUSED_STREAM) }],
	"demands HTTP/1.1": ["bad_response", { taken: false, request: (session, stream) => session.reset(stream, error.HTTP_1_1_REQUIRED) }],

	"goes away before the request": ["bad_response", { taken: false, begin: (session) => {
		session.settings();
		session.goaway(0);
		session.socket.end();
	}, request: () => {} }],
	"goes away without taking the request": ["bad_response", { taken: false, request: (session) => {
		session.goaway(0);
		session.socket.end();
	} }],
	"goes away without an answer": ["bad_response", { request: (session, stream) => {
		session.goaway(stream);
		session.socket.end();
	} }],
	"goes away in anger": ["bad_response", { request: (session, stream) => {
		session.goaway(stream, error.ENHANCE_YOUR_CALM);
		session.socket.end();
	} }],

	"speaks HTTP/1.1": ["bad_response", { begin: (session) => session.send(Buffer.from(page("hello"))), request: () => {} }],
	"sends a frame that is too large": ["bad_response", { request: (session, stream) =>
		session.send(frame(type.DATA, 0, stream, "x", 0xffffff)) }],
	"sends a body without a head": ["bad_response", { request: (session, stream) =>
		session.send(frame(type.DATA, flag.END_STREAM, stream, "x")) }],
	"sends a head without a status": ["bad_response", { request: (session, stream) =>
		session.send(frame(type.HEADERS, flag.END_HEADERS | flag.END_STREAM, stream, header("x-a", "1"))) }],
	"sends headers that cannot be unpacked": ["bad_response", { request: (session, stream) =>
		session.send(frame(type.HEADERS, flag.END_HEADERS | flag.END_STREAM, stream, Buffer.alloc(6, 0xff))) }],
	"sends less than its Content-Length": ["bad_response", { request: (session, stream) => {
		session.head(stream, [header("content-length", "100")]);
		session.send(frame(type.DATA, flag.END_STREAM, stream, "only this"));
	} }],
	"sends more than its Content-Length": ["bad_response", { request: (session, stream) => {
		session.head(stream, [header("content-length", "2")]);
		session.send(frame(type.DATA, flag.END_STREAM, stream, "only this"));
	} }],
	"sends two Content-Lengths": ["bad_response", { request: (session, stream) => {
		session.head(stream, [header("content-length", "9"), header("content-length", "2")]);
		session.send(frame(type.DATA, flag.END_STREAM, stream, "only this"));
	} }],
	"pushes": ["bad_response", { request: (session, stream) =>
		session.send(frame(type.PUSH_PROMISE, flag.END_HEADERS, stream, Buffer.concat([Buffer.from([0, 0, 0, 2]), STATUS_200]))) }],

	"sends an endless body": ["too_large", { request: (session, stream) => {
		session.head(stream);
		const data = frame(type.DATA, 0, stream, "x".repeat(16384)), ping = frame(type.PING, 0, 0, "12345678");
		let left = 512; // frames of data, within what the client says that it takes at once
		pour(session, () => (left-- > 0 ? data : ping));
	} }],
	"sends too many headers": ["too_large", { request: (session, stream) =>
		session.head(stream, Array.from({ length: 400 }, (_, i) => header(`x-${i}`, "1")), flag.END_HEADERS | flag.END_STREAM) }],
	"sends endless interim answers": ["too_large", { request: (session, stream) =>
		pour(session, () => frame(type.HEADERS, flag.END_HEADERS, stream, Buffer.concat([status(103), header("link", "</a>")]))) }],
	"sends endless headers": ["bad_response", { request: (session, stream) => {
		const more = Buffer.concat(Array.from({ length: 100 }, (_, i) => header(`x-${i}`, "1")));
		session.head(stream, [], 0);
		pour(session, () => frame(type.CONTINUATION, 0, stream, more));
	} }],
};

/** What is answered with "hello" although it is not usual; `alone`: one call at a time. */
const answering = {
	"answers": { request: hello },
	"goes away, and answers what it took": { alone: true, request: (session, stream) => {
		session.goaway(stream);
		session.answer(stream);
	} },
	"will go away soon, and answers": { request: (session, stream) => {
		session.goaway(0x7fffffff);
		session.answer(stream);
	} },
	"sends interim answers": { request: (session, stream) => {
		for (const code of [100, 103]) session.send(frame(type.HEADERS, flag.END_HEADERS, stream, status(code)));
		session.answer(stream);
	} },
	"sends trailers": { request: (session, stream) => {
		session.head(stream);
		session.send(frame(type.DATA, 0, stream, "hello"),
			frame(type.HEADERS, flag.END_HEADERS | flag.END_STREAM, stream, header("x-trailer", "1")));
	} },
	"sends empty frames": { request: (session, stream) => {
		session.head(stream);
		for (let i = 0; i < 1000; i++) session.send(frame(type.DATA, 0, stream));
		session.send(frame(type.DATA, flag.END_STREAM, stream, "hello"));
	} },
	"takes one stream at a time": { begin: (session) => session.settings([[3, 1]]), request: hello },
};

// The whole answer is there before the body of the request.
const early = { open: (session, stream) => {
	session.answer(stream);
	session.reset(stream, error.NO_ERROR);
}, request: () => {} };

/** What the tests below replace. */
const together = { request: hello }, refusing = { request: hello }, mixed = { request: hello };
const demanding = { request: (session, stream) => session.reset(stream, error.HTTP_1_1_REQUIRED) };

let place, server;
const at = {};

before(async () => {
	place = folder();
	const made = authority(place.name), certificate = made.issue();
	const deeds = {
		...Object.fromEntries(Object.entries(failing).map(([what, [, deed]]) => [what, deed])), ...answering,
	};
	for (const [what, deed] of Object.entries({ ...deeds, early })) at[what] = await startFrames(certificate, deed);
	for (const [what, deed] of Object.entries({ together, refusing, mixed, demanding })) {
		at[what] = await startFrames(certificate, { request: (...args) => deed.request(...args) });
	}
	const origins = Object.values(at).map((one) => one.origin);
	server = await startApp(CALLER, { env: { HTTP_ALLOW: origins.join(" "), CA_FILE: made.file, WORKERS: "64" } });
});

after(async () => {
	for (const one of Object.values(at)) one.close();
	await server.end();
	place.remove();
});

const POST = { method: "POST", body: "x" };
const call = (what, options) => callFrom(server, at[what].origin, options);

async function isFine() {
	assert.equal((await request(`${server.url}/healthz`)).status, 200);
	assert.equal((await call("together")).body, "hello");
}

for (const [what, [code, { taken, body = "x" }]] of Object.entries(failing)) {
	const ids = { timeout: "SS-05 ", too_large: "SS-06 " }[code] ?? "";
	test(`${ids}SS-11 an upstream of HTTP/2 that ${what} is ${code}, and a POST to it arrives once at most`, async () => {
		const answer = await call(what, { method: "POST", body, timeout: code === "timeout" ? 0.7 : 30 });
		assert.equal(answer.code, code, JSON.stringify(answer).slice(0, 300));
		assert.ok(at[what].connections() >= 1, "it was called");
		assert.ok(at[what].seen.length <= 1, `${at[what].seen.length} requests arrived`);
		saysWhatArrived(answer, taken === false ? 0 : at[what].seen.length);
		await isFine();
	});
}

for (const [what, { alone }] of Object.entries(answering)) {
	test(`RT-14 of an upstream of HTTP/2 that ${what}, each call is answered and arrives once`, async () => {
		for (let i = 1; i <= 3; i++) {
			const answer = await call(what, POST);
			assert.equal(answer.body, "hello", JSON.stringify(answer));
			assert.equal(at[what].seen.length, i);
		}
		await isFine();
		if (alone) return; // it takes no other that runs meanwhile
		const calls = Array.from({ length: 8 }, () => ({ url: at[what].origin, ...POST }));
		assert.deepEqual((await allFrom(server, calls)).map((one) => one.body ?? one.code), Array(8).fill("hello"));
		assert.equal(at[what].seen.length, 11);
	});
}

// libcurl 7.88 throws the answer away when it had no time to read the head before.
test("RT-14 SS-11 an early answer is the answer or an error that leaves open whether the request was sent", async () => {
	for (let i = 1; i <= 5; i++) {
		const answer = await call("early", { method: "POST", body: LARGE });
		if (answer.code) {
			assert.equal(answer.code, "bad_response");
			saysWhatArrived(answer, 1);
		} else {
			assert.equal(answer.body, "hello");
		}
		assert.equal(at.early.seen.length, i);
	}
	await isFine();
});

/** Answers requests only when `count` of them are there. */
function gathering(count) {
	const waiting = [];
	return (session, stream) => {
		waiting.push(() => session.answer(stream));
		if (waiting.length === count) waiting.splice(0).forEach((answer) => answer());
	};
}

test("calls that run at once share one connection of HTTP/2, those of one request and those of several", async () => {
	const before = at.together.connections();
	together.request = gathering(16);
	const calls = Array.from({ length: 16 }, () => ({ url: at.together.origin, ...POST }));
	assert.deepEqual((await allFrom(server, calls)).map((one) => one.body), Array(16).fill("hello"));
	together.request = gathering(24);
	const answers = await Promise.all(Array.from({ length: 24 }, () => call("together", POST)));
	assert.deepEqual(answers.map((one) => one.body), Array(24).fill("hello"));
	together.request = hello;
	assert.ok(at.together.connections() <= Math.max(before, 1), `${at.together.connections()} connections`);
});

test("SS-11 a stream that is refused once is asked for again over HTTP/2 when it may be, and only then", async () => {
	for (const [options, arrivals] of [[{}, 2], [{ method: "PUT", body: "x" }, 2], [POST, 1]]) {
		const before = at.refusing.seen.length;
		let refused = 0;
		refusing.request = (session, stream) => (refused++ ? session.answer(stream) : session.reset(stream, error.REFUSED_STREAM));
		const answer = await call("refusing", options);
		if (arrivals === 1) assert.equal(answer.code, "bad_response", JSON.stringify(answer));
		else assert.equal(answer.body, "hello", JSON.stringify(answer));
		assert.equal(at.refusing.seen.length - before, arrivals);
	}
});

test("SS-11 what HTTP/1.1 is demanded for is asked for again over HTTP/1.1 when it may come twice", async () => {
	assert.equal((await call("demanding")).body, "old hello");
	assert.equal(at.demanding.seen.length, 2);
});

test("SS-11 a stream that is always refused is an error after some tries", async () => {
	const before = at.refusing.seen.length;
	refusing.request = (session, stream) => session.reset(stream, error.REFUSED_STREAM);
	assert.equal((await call("refusing")).code, "bad_response");
	assert.ok(at.refusing.seen.length - before <= 10, `${at.refusing.seen.length - before} requests`);
	await isFine();
});

for (const ends of [false, true]) {
	const title = ends ? "goes away and closes" : "goes away";
	test(`SS-11 when an upstream ${title}, the streams that it took are answered, and no POST comes twice`, async () => {
		refusing.request = hello;
		assert.equal((await call("refusing")).body, "hello"); // has a connection
		const before = at.refusing.seen.length;
		refusing.request = (session, stream, count) => {
			if (count - before < 8) return;
			const streams = at.refusing.seen.slice(before).map((one) => one.stream).sort((a, b) => a - b);
			session.goaway(streams[3]);
			for (const taken of streams.slice(0, 4)) session.answer(taken);
			if (ends) session.socket.end();
		};
		const calls = Array.from({ length: 8 }, () => ({ url: at.refusing.origin, ...POST }));
		const answers = await allFrom(server, calls);
		assert.deepEqual(answers.map((one) => one.body ?? one.code).sort(),
			[...Array(4).fill("bad_response"), ...Array(4).fill("hello")], JSON.stringify(answers));
		for (const one of answers.filter(({ code }) => code)) saysWhatArrived(one, 0);
		assert.equal(at.refusing.seen.length - before, 8);
		refusing.request = hello;
		assert.equal((await call("refusing", POST)).body, "hello");
	});
}

for (const [code, options, fail] of [
	["bad_response", {}, (session, stream) => session.reset(stream, error.INTERNAL_ERROR)],
	["timeout", { timeout: 2 }, () => {}],
	["too_large", { max_bytes: 100 }, (session, stream) => session.answer(stream, "x".repeat(200))],
]) {
	test(`RT-14 of calls that share a connection of HTTP/2, one that ends with ${code} harms no other`, async () => {
		const streams = [];
		mixed.request = (session, stream) => void streams.push([session, stream]);
		const failed = call("mixed", { ...POST, ...options });
		await until(() => streams.length, (count) => count === 1);
		const others = Promise.all(Array.from({ length: 7 }, () => call("mixed", POST)));
		await until(() => streams.length, (count) => count === 8);
		fail(...streams[0]);
		assert.equal((await failed).code, code);
		for (const [session, stream] of streams.slice(1)) session.answer(stream);
		assert.deepEqual((await others).map((one) => one.body), Array(7).fill("hello"));
		mixed.request = hello;
		assert.equal((await call("mixed", POST)).body, "hello");
		assert.equal(new Set(at.mixed.seen.map((one) => one.session)).size, 1, "one connection was used");
	});
}

test("RT-14 what an upstream of HTTP/2 sends unasked is not the answer of the next call", async () => {
	refusing.request = (session, stream) => {
		session.answer(stream);
		session.answer(stream + 2, "forged");
	};
	for (let i = 0; i < 5; i++) {
		const answer = await call("refusing", POST);
		assert.ok(answer.body === "hello" || answer.code === "bad_response", JSON.stringify(answer));
	}
	refusing.request = hello;
});

test("SS-03 a connection of HTTP/2 is not used for another name of the same server", async () => {
	assert.equal((await call("together")).body, "hello");
	const before = at.together.seen.length, { port } = at.together;
	for (const url of [`https://app.localhost:${port}/`, `https://127.0.0.1:${port}/`, `http://localhost:${port}/`]) {
		const answer = await callFrom(server, url);
		assert.equal(answer.code, "denied", `${url}: ${JSON.stringify(answer)}`);
	}
	assert.equal(at.together.seen.length, before);
});
