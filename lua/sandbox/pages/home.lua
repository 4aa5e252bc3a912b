-- The sandbox's home page, at /: the last requests and events, and what is in its tables. The page updates itself.
local db = require "partnerapp.db"
local html = require "pages.html"
local store = require "store"

local QUERIES = {
	workspaces = "SELECT slug, display_name FROM workspaces ORDER BY slug LIMIT 50",
	sources = "SELECT name, write_key FROM sources ORDER BY name LIMIT 50",
	destinations = [[SELECT d.name, d.enabled, coalesce(m.value, 0) AS delivered FROM destinations d
		LEFT JOIN metrics m ON m.destination = d.name AND m.name = 'delivered' ORDER BY d.name LIMIT 50]],
	clients = "SELECT n, display_name, scope, client_id FROM clients ORDER BY n DESC LIMIT 50",
	installs = "SELECT n, workspace, source, scope FROM installs ORDER BY n DESC LIMIT 50",
	events = "SELECT time, source, body, outcomes, story FROM events ORDER BY n DESC LIMIT 10",
	requests = [[SELECT n, time, method, path, query, status, warning, body, answer FROM requests
		ORDER BY n DESC LIMIT 20]],
}

local function time_of_day(ms)
	return store.timestamp(ms):match "T(%d+:%d+:%d+)"
end

local function in_words(outcomes)
	local words = {}
	for name, outcome in pairs(outcomes) do
		words[#words + 1] = name .. ": " .. outcome
	end
	table.sort(words)
	return #words > 0 and table.concat(words, ", ") or "no enabled destination"
end

-- The stories that the app keeps of an event.
local function stories_of(entries)
	local list = {}
	for _, entry in ipairs(entries) do
		list[#list + 1] = entry.app_story and { slug = entry.destination, id = entry.app_story } or nil
	end
	return list
end

local function shown_event(row)
	local event = store.decode(row.body)
	local name = event.event or event.name
	return {
		time = time_of_day(row.time),
		source = row.source or "no source",
		what = tostring(event.type) .. (type(name) == "string" and " " .. name or ""),
		outcome = in_words(store.decode(row.outcomes)),
		stories = stories_of(row.story and store.decode(row.story) or {}),
	}
end

local function show(req)
	local values = { csrf = req:csrf_field(), title = "A local Segment", width = "wide", user = store.user }
	for name, sql in pairs(QUERIES) do
		values[name] = assert(db.query(sql))
	end
	for i, row in ipairs(values.events) do
		values.events[i] = shown_event(row)
	end
	for _, row in ipairs(values.requests) do
		row.time = time_of_day(row.time)
	end
	return html.live("home", values)
end

return function(app)
	app:get("/", show)
end
