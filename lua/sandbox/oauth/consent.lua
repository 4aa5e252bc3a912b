-- The consent page of app.segment.com/authorize: a choice of workspace and source, allow or deny.
local clients = require "oauth.clients"
local db = require "partnerapp.db"
local grants = require "oauth.grants"
local html = require "pages.html"
local http = require "partnerapp.http"
local reply = require "partnerapp.reply"
local scopes = require "oauth.scopes"
local store = require "store"
local user = require "oauth.user"
local way_back = require "oauth.way_back"

local OVER = "This request for consent has expired or was answered already. Begin again at the app."

-- The request for consent of that id and its client; nil when it has expired or was answered.
local function find_challenge(id)
	local row = id and db.row("SELECT params FROM challenges WHERE id = ? AND expires > ?", id, store.now())
	local asked = row and store.decode(row.params)
	local client = asked and clients.find(asked.client_id)
	return client and asked, client
end

local function over(req)
	if req:wants_json() then
		return reply.failed(400, OVER)
	end
	return html.show("consent_over", { title = "This request is over", message = OVER, apps = way_back() }, 400)
end

-- The choices as groups, one for each workspace.
local function groups(choices)
	local list = {}
	for _, choice in ipairs(choices) do
		local group = list[#list]
		if not group or group.label ~= choice.group then
			group = { label = choice.group }
			list[#list + 1] = group
		end
		group[#group + 1] = choice
	end
	return list
end

local function show(req, id, asked, client, chosen, problem)
	local choices = grants.choices(client)
	local name = client.display_name or client.client_id
	return html.form("consent", {
		title = "Allow access",
		width = "narrow",
		challenge = id,
		app_name = name,
		initial = name:match("^" .. utf8.charpattern),
		scope = client.scope,
		abilities = scopes.abilities(client.scope),
		groups = groups(choices),
		one_each = scopes.destination(client.scope) == nil,
		chosen = chosen or choices[1] and choices[1].value,
		back = asked.redirect_uri:match("^%a[%w+.-]*://([^/?]+)"),
		user = user.of(req),
		problem = problem,
		csrf = req:csrf_field(),
	}, problem and 400 or 200, asked.redirect_uri)
end

local function find_choice(client, value)
	for _, choice in ipairs(grants.choices(client)) do
		if choice.value == value then
			return choice
		end
	end
end

local function answer(req)
	local form = req.form
	local id = form.consent_challenge
	local asked, client = find_challenge(id)
	if not asked then
		return over(req)
	elseif not user.of(req) then
		return reply.redirect("/login?login_challenge=" .. http.escape(id))
	end
	if form.decision ~= "allow" and form.decision ~= "deny" then
		return show(req, id, asked, client, form.choice, "Press Allow or Deny.")
	end
	local choice = find_choice(client, form.choice)
	local foreign = not choice and not client.public and grants.is_place(form.choice)
	if form.decision == "allow" and not choice and not foreign and grants.choices(client)[1] then
		return show(req, id, asked, client, form.choice, "Choose where to install it.")
	end
	if assert(db.exec("DELETE FROM challenges WHERE id = ?", id)) == 0 then
		return over(req)
	end
	return form.decision == "deny" and grants.deny(asked) or grants.allow(asked, client, choice)
end

return function(app)
	app:get("/authorize", function(req)
		local id = req.query.consent_challenge
		local asked, client = find_challenge(id)
		if not asked then
			return over(req)
		elseif not user.of(req) then
			return reply.redirect("/login?login_challenge=" .. http.escape(id))
		end
		return show(req, id, asked, client, nil, false)
	end)

	app:post("/authorize", answer)
end
