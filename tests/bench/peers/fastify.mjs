// A modern Node.js stack: fastify with response schemas, undici with kept connections.
import crypto from "node:crypto";
import fastify from "fastify";
import { Pool } from "undici";

const { PORT, UPSTREAM } = process.env;
const slug = "clearbrain";
const redirect = encodeURIComponent("http://localhost:8888/auth/segment/callback");
const upstream = new Pool(UPSTREAM, { connections: 256 });
const app = fastify({ logger: false, keepAliveTimeout: 60000 });

async function call(path, body, headers) {
	const answer = await upstream.request({ path, method: "POST", headers, body });
	if (answer.statusCode !== 200) throw new Error(`upstream answered ${answer.statusCode}`);
	return answer.body.json();
}

const schema = {
	response: {
		200: {
			type: "object",
			properties: {
				message: { type: "string" },
				ok: { type: "boolean" },
				n: { type: "integer" },
				list: { type: "array", items: { type: "integer" } },
			},
		},
	},
};

app.get("/hello", (req, reply) => reply.type("text/plain; charset=utf-8").send("Hello, world\n"));
app.get("/json", { schema }, (req, reply) => reply.send({ message: "Hello, World!", ok: true, n: 42, list: [1, 2, 3] }));
app.get("/auth/segment", (req, reply) => {
	const state = crypto.randomBytes(20).toString("hex");
	reply.header("set-cookie", `state=${state}; Path=/; HttpOnly; SameSite=Lax`);
	reply.redirect(`${UPSTREAM}/oauth2/auth?client_id=cid&redirect_uri=${redirect}&response_type=code`
		+ `&scope=destination%2F${slug}&state=${state}`, 302);
});
app.get("/callback", async (req, reply) => {
	const { code, state } = req.query;
	if (!code || !state) return reply.code(400).send("code or state is missing\n");
	const form = `grant_type=authorization_code&code=${encodeURIComponent(code)}&redirect_uri=${redirect}`;
	const token = await call("/oauth2/token", form, {
		"content-type": "application/x-www-form-urlencoded",
		authorization: `Basic ${Buffer.from("cid:secret").toString("base64")}`,
	});
	const [source] = token.source_names;
	const name = `${source}/destinations/${slug}`;
	const config = [{ name: `${name}/config/apiKey`, value: "abcd1234" }];
	const body = JSON.stringify({ destination: { name, connection_mode: "CLOUD", config, enabled: true } });
	return call(`/v1beta/${source}/destinations`, body, {
		"content-type": "application/json",
		authorization: `Bearer ${token.access_token}`,
	});
});
app.listen({ port: +PORT, host: "127.0.0.1", backlog: 4096 });
