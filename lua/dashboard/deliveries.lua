-- What came to the app's destinations by way of the sandbox: outcomes over time, and the story of each event.
local clock = require "partnerapp.clock"
local form = require("partnerapp.http").form
local json = require "partnerapp.json"
local pretty = require("partnerapp.destination").pretty
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"
local story_view = require "partnerapp_dashboard.story_view"
local visible = require "partnerapp_dashboard.visible"
local words = require "partnerapp_dashboard.words"

local deliveries = {}

local LATEST = 50

-- How far back the bars go, and how long one of them is, in seconds.
local SPANS = {
	{ name = "hour", text = "the last hour", bar = 120, bars = 30, each = "2 minutes" },
	{ name = "day", text = "the last day", bar = 3600, bars = 24, each = "an hour" },
	{ name = "week", text = "the last week", bar = 6 * 3600, bars = 28, each = "6 hours" },
}

local HEIGHT, WIDTH, GAP = 120, 20, 4 -- of the picture and of a bar

-- Segment's codes in three groups: delivered, left out on purpose, and failed.
local function group_of(outcome)
	if outcome == "delivered" then
		return "delivered"
	elseif outcome:find "^FILTERED" or outcome == "NO_MATCHING_MAPPING" then
		return "filtered"
	end
	return "failed"
end

local ORDER = { "delivered", "filtered", "failed" }

-- The bars as rectangles of a picture, from the counts by span.
local function bars_of(counts, span, from)
	local by_bar, most = {}, 1
	for _, row in ipairs(counts) do
		local index = math.min(row.span, span.bars - 1)
		local bar = by_bar[index] or { delivered = 0, filtered = 0, failed = 0, sum = 0 }
		by_bar[index] = bar
		local group = group_of(row.outcome)
		bar[group], bar.sum = bar[group] + row.count, bar.sum + row.count
		most = math.max(most, bar.sum)
	end
	local rectangles = {}
	for index = 0, span.bars - 1 do
		local bar, below = by_bar[index], HEIGHT
		for _, group in ipairs(bar and ORDER or {}) do
			local height = bar[group] / most * HEIGHT
			if height > 0 then
				below = below - height
				rectangles[#rectangles + 1] = {
					x = index * (WIDTH + GAP),
					y = ("%.1f"):format(below),
					width = WIDTH,
					height = ("%.1f"):format(height),
					group = group,
					text = ("%s: %d %s"):format(
						clock.timestamp(from + index * span.bar):sub(12, 16),
						bar[group],
						group
					),
				}
			end
		end
	end
	return rectangles, most
end

-- One row for each outcome, the most frequent first.
local function rows_of(counts)
	local by_outcome, rows = {}, {}
	for _, row in ipairs(counts) do
		local one = by_outcome[row.outcome]
		if not one then
			one = { outcome = row.outcome, label = row.label or "", group = group_of(row.outcome), count = 0 }
			by_outcome[row.outcome] = one
			rows[#rows + 1] = one
		end
		one.count = one.count + row.count
	end
	table.sort(rows, function(a, b)
		return a.count ~= b.count and a.count > b.count or a.count == b.count and a.outcome < b.outcome
	end)
	return rows
end

local function span_of(name)
	for _, span in ipairs(SPANS) do
		if span.name == name then
			return span
		end
	end
	return SPANS[1]
end

local function index(req, given)
	local span = span_of(req.query.span)
	local from = math.floor(clock.now()) - span.bar * span.bars
	local counts, message = given.stories.counts(from, span.bar)
	local outcome = req.query.outcome ~= "" and req.query.outcome or nil
	local found
	if counts then
		found, message = given.stories.latest(LATEST, outcome)
	end
	if not found then
		return reply.failed(503, "The events cannot be read: " .. message)
	end
	local latest = {}
	for i, one in ipairs(found) do
		latest[i] = {
			id = one.id,
			ago = words.ago(one.kept_at),
			what = visible(one.what or "an event"),
			slug = one.slug or "",
			outcome = one.outcome or "unknown",
			bad = one.outcome ~= nil and group_of(one.outcome) == "failed",
		}
	end
	local bars, most = bars_of(counts, span, from)
	local spans = {}
	for i, one in ipairs(SPANS) do
		spans[i] =
			{ text = one.text, current = one == span, href = "/dashboard/deliveries?" .. form { span = one.name } }
	end
	return shell.page(req, "deliveries", {
		title = "Events",
		span = span,
		spans = spans,
		bars = bars,
		most = most,
		size = { width = span.bars * (WIDTH + GAP), height = HEIGHT },
		rows = rows_of(counts),
		latest = latest,
		outcome = outcome and visible(outcome) or false,
		sandbox = require("partnerapp.config").sandbox_url or false,
	})
end

local function show(req, given)
	local text, slug = given.stories.find(req.params.id)
	if text == nil then
		return reply.failed(503, "The story cannot be read: " .. slug)
	elseif not text then
		return reply.failed(404, "This story is not kept any more: the last 500 are.")
	end
	local value = json.decode(text, { order = true })
	if type(value) ~= "table" then
		return reply.failed(500, "The story of this event was damaged.")
	end
	return shell.page(req, "delivery", {
		title = "What " .. tostring(value.destination) .. " made of an event",
		event = value.event and visible(pretty(value.event)) or false,
		story = story_view.of(value),
		again = slug and value.event and ("/dashboard/tester/%s?%s"):format(
			slug,
			form { load = "kept " .. req.params.id }
		) or false,
	})
end

--- Adds the pages.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function deliveries.add(pages, given)
	pages:get("/deliveries", function(req)
		return index(req, given)
	end)

	pages:get("/deliveries/:id", function(req)
		return show(req, given)
	end)
end

return deliveries
