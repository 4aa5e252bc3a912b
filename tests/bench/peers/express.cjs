// The stack of the original demo: express, client-oauth2, request.
const crypto = require("node:crypto");
const ClientOAuth2 = require("client-oauth2");
const express = require("express");
const request = require("request");

const { PORT, UPSTREAM } = process.env;
const slug = "clearbrain";
const oauth = new ClientOAuth2({
	clientId: "cid",
	clientSecret: "secret",
	accessTokenUri: `${UPSTREAM}/oauth2/token`,
	authorizationUri: `${UPSTREAM}/oauth2/auth`,
	redirectUri: "http://localhost:8888/auth/segment/callback",
	scopes: [`destination/${slug}`],
});

function enable(token, source) {
	const name = `${source}/destinations/${slug}`;
	const config = [{ name: `${name}/config/apiKey`, value: "abcd1234" }];
	const options = {
		method: "POST",
		url: `${UPSTREAM}/v1beta/${source}/destinations`,
		headers: { Authorization: `Bearer ${token}` },
		json: true,
		body: { destination: { name, connection_mode: "CLOUD", config, enabled: true } },
	};
	return new Promise((resolve, reject) =>
		request(options, (error, answer, body) => (error || answer.statusCode >= 400 ? reject(error) : resolve(body))));
}

const app = express();
app.get("/hello", (req, res) => res.type("text/plain").send("Hello, world\n"));
app.get("/json", (req, res) => res.json({ message: "Hello, World!", ok: true, n: 42, list: [1, 2, 3] }));
app.get("/auth/segment", (req, res) => {
	const state = crypto.randomBytes(20).toString("hex");
	res.cookie("state", state, { httpOnly: true, sameSite: "lax" });
	res.redirect(oauth.code.getUri({ state }));
});
app.get("/callback", async (req, res) => {
	try {
		const url = req.originalUrl.replace("/callback", "/auth/segment/callback");
		const token = await oauth.code.getToken(url, { state: req.query.state });
		res.send(await enable(token.data.access_token, token.data.source_names[0]));
	} catch (error) {
		res.status(502).send(String(error));
	}
});
app.listen(PORT, "127.0.0.1", 4096).keepAliveTimeout = 60000;
