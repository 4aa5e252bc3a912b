-- The login page of app.segment.com, as far as the sandbox has one user.
local crypto = require "partnerapp.crypto"
local http = require "partnerapp.http"
local reply = require "partnerapp.reply"
local session = require "partnerapp.session"
local store = require "store"

local BANNER = "SANDBOX: a local stand-in for Segment"

local function page(challenge, email, problem, status)
	local response = reply.view("login", {
		title = "Log in",
		banner = BANNER,
		challenge = challenge,
		email = email,
		problem = problem,
	}, status)
	response.headers["referrer-policy"] = "same-origin"
	return response
end

return function(app)
	app:get("/login", function(req)
		return page(req.query.login_challenge or "", "", false)
	end)

	app:post("/login", function(req)
		local form = req.form
		local challenge, email = form.login_challenge or "", form.email or ""
		if email:lower() ~= store.user.email or not crypto.equal(form.password or "", store.user.password) then
			return page(challenge, email, "That e-mail and password do not belong together.", 401)
		end
		local target = challenge ~= "" and "/authorize?consent_challenge=" .. http.escape(challenge) or "/"
		local response = reply.redirect(target)
		assert(session.start(req, response, { user = store.user.email }))
		return response
	end)
end
