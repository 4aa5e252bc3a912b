-- The login page of app.segment.com.
local html = require "pages.html"
local http = require "partnerapp.http"
local reply = require "partnerapp.reply"
local store = require "store"
local user = require "oauth.user"

local function show(challenge, email, problem, status)
	return html.form("login", {
		title = "Log in",
		width = "narrow",
		challenge = challenge,
		email = email,
		problem = problem,
		user = store.user,
	}, status)
end

local function target(challenge)
	return challenge ~= "" and "/authorize?consent_challenge=" .. http.escape(challenge) or "/"
end

local function answer(req)
	local form = req.form
	local challenge, email = form.login_challenge or "", form.email or ""
	if not user.knows(email, form.password) then
		return show(challenge, email, "That e-mail and password do not belong together.", 401)
	end
	local response = reply.redirect(target(challenge))
	if not user.of(req) then -- a session of another tab goes on: the forms of that tab have its token
		user.log_in(req, response)
	end
	return response
end

return function(app)
	app:get("/login", function(req)
		return show(req.query.login_challenge or "", "", false)
	end)
	app:post("/login", answer, { begins_session = true })
end
