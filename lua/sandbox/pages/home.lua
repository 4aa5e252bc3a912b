-- The page at /: what is in the sandbox and what it was asked last, live. And the page of assumptions.
local assumptions = require "assumptions"
local db = require "partnerapp.db"
local intake = require "events.intake"
local install_tokens = require "oauth.install_tokens"
local html = require "pages.html"
local reply = require "partnerapp.reply"
local store = require "store"

local SQL = {
	workspaces = "SELECT slug, display_name FROM workspaces ORDER BY slug LIMIT 50",
	sources = "SELECT name, write_key FROM sources ORDER BY name LIMIT 50",
	destinations = [[SELECT d.name, d.enabled, coalesce(m.value, 0) AS delivered FROM destinations d
		LEFT JOIN metrics m ON m.destination = d.name AND m.name = 'delivered' ORDER BY d.name LIMIT 50]],
	clients = "SELECT n, display_name, scope, client_id FROM clients ORDER BY n DESC LIMIT 50",
	installs = "SELECT n, workspace, source, scope FROM installs ORDER BY n DESC LIMIT 50",
	requests = "SELECT time, method, path, status, warning FROM requests ORDER BY n DESC LIMIT 25",
}

local EVENTS_SHOWN = 10

local function in_words(outcomes)
	local words = {}
	for name, outcome in pairs(outcomes) do
		words[#words + 1] = name .. ": " .. outcome
	end
	table.sort(words)
	return #words > 0 and table.concat(words, ", ") or "no enabled destination"
end

local function clock_of(ms)
	return store.timestamp(ms):match "T(%d+:%d+:%d+)"
end

local function events()
	local list, last = {}, intake.last(EVENTS_SHOWN)
	for i, event in ipairs(last) do
		local name = event.event.event or event.event.name
		list[#last + 1 - i] = {
			time = event.time:match "T(%d+:%d+:%d+)",
			source = event.source or "no source",
			what = tostring(event.event.type) .. (type(name) == "string" and " " .. name or ""),
			outcome = in_words(event.outcomes),
		}
	end
	return list
end

return function(app)
	app:get("/", function(req)
		local values =
			{ csrf = req:csrf_field(), title = "A local Segment", width = "wide", user = store.user, events = events() }
		for name, sql in pairs(SQL) do
			values[name] = assert(db.query(sql))
		end
		for _, row in ipairs(values.requests) do
			row.time = clock_of(row.time)
		end
		return html.live("home", values)
	end)

	-- In the place of the workspace's settings, where its owner removes an app. Another page of this machine cannot: the
	-- library looks at where a form comes from.
	app:post("/installs/:n/remove", function(req)
		local n = #req.params.n < 16 and math.tointeger(tonumber(req.params.n))
		if n then
			install_tokens.remove(n)
		end
		return reply.redirect "/"
	end)

	app:get("/assumptions", function()
		return html.show("assumptions", { title = "What the sandbox assumes", list = assumptions.list })
	end)
end
