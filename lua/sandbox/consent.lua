-- The consent page of app.segment.com/authorize: which workspace, which source, allow or deny.
local clients = require "clients"
local clock = require "partnerapp.clock"
local db = require "partnerapp.db"
local grants = require "grants"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local scopes = require "scopes"
local store = require "store"

local BANNER = "SANDBOX: a local stand-in for Segment"

-- Chromium applies form-action to the redirect that follows a form, so the app's origin is named too.
local CSP = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' %s; base-uri 'none'; "
	.. "frame-ancestors 'none'"

local function find_challenge(id)
	local row = id and db.row("SELECT params FROM challenges WHERE id = ? AND expires > ?", id, clock.now())
	if not row then
		partnerapp.refuse(400, "This request for consent has expired or was answered. Begin again at the app.")
	end
	local asked = store.decode(row.params)
	return asked, clients.find(asked.client_id)
end

local function page(req, id, asked, client, chosen, problem)
	local response = reply.view("consent", {
		title = "Allow access",
		banner = BANNER,
		challenge = id,
		app_name = client.display_name or client.client_id,
		scope = client.scope,
		allows = scopes.in_words(client.scope),
		choices = grants.choices(client),
		chosen = chosen,
		problem = problem,
		csrf = req:csrf_field(),
	}, problem and 400 or 200)
	local origin = asked.redirect_uri:match("^%a[%w+.-]*://[^/?#]+") or ""
	response.headers["content-security-policy"] = CSP:format(origin)
	response.headers["referrer-policy"] = "same-origin"
	return response
end

local function find_choice(client, value)
	for _, choice in ipairs(grants.choices(client)) do
		if choice.value == value then
			return choice
		end
	end
end

return function(app)
	app:get("/authorize", function(req)
		local id = req.query.consent_challenge
		local asked, client = find_challenge(id)
		if not (req.session and req.session.data.user) then
			return reply.redirect("/login?login_challenge=" .. http.escape(id))
		end
		return page(req, id, asked, client, "", false)
	end)

	app:post("/authorize", function(req)
		local form = req.form
		local id = form.consent_challenge
		local asked, client = find_challenge(id)
		if not (req.session and req.session.data.user) then
			return reply.redirect("/login?login_challenge=" .. http.escape(id))
		end
		if form.decision ~= "allow" and form.decision ~= "deny" then
			return page(req, id, asked, client, form.choice or "", "Press Allow or Deny.")
		end
		local choice = find_choice(client, form.choice)
		if form.decision == "allow" and not choice and #grants.choices(client) > 0 then
			return page(req, id, asked, client, form.choice or "", "Choose where to install it.")
		end
		if assert(db.exec("DELETE FROM challenges WHERE id = ?", id)) == 0 then
			partnerapp.refuse(400, "This request for consent was answered already. Begin again at the app.")
		end
		if form.decision == "deny" then
			return grants.refuse(
				asked,
				"access_denied",
				"The resource owner or authorization server denied the request",
				"The resource owner denied the request."
			)
		end
		return grants.allow(asked, client, choice)
	end)
end
