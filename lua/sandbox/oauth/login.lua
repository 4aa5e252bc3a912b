-- The login page of app.segment.com, as far as the sandbox has one user.
local crypto = require "partnerapp.crypto"
local http = require "partnerapp.http"
local html = require "pages.html"
local reply = require "partnerapp.reply"
local session = require "partnerapp.session"
local store = require "store"

local login = {}

--- The e-mail of whoever is logged in, since the last reset.
---@param req table
---@return string?
function login.user(req)
	local data = req.session and req.session.data
	return data and data.epoch == store.epoch() and data.user or nil
end

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
	local known = email:lower() == store.user.email
	if not crypto.equal(form.password or "", store.user.password) or not known then
		return show(challenge, email, "That e-mail and password do not belong together.", 401)
	end
	local response = reply.redirect(target(challenge))
	if login.user(req) then -- in another tab, whose forms have the token of that session
		return response
	end
	assert(session.start(req, response, { user = store.user.email, epoch = store.epoch() }))
	return response
end

function login.routes(app)
	app:get("/login", function(req)
		return show(req.query.login_challenge or "", "", false)
	end)
	app:post("/login", answer, { begins_session = true })
end

return login
