-- Prints what became of an event, the story of partnerapp.destination.stages, for people at a terminal.
local log = require "partnerapp.log"
local members = require "partnerapp.destination.members"
local pretty = require "partnerapp.destination.pretty"
local shown_story = require "partnerapp.destination.shown_story"

local story = {}

local COLORS = { passed = "32", stopped = "31", skipped = "33", faint = "2", bold = "1" }
local MARKS = { passed = "✓", stopped = "✗", skipped = "·" }

local function painter(colors)
	return function(kind, text)
		return colors and COLORS[kind] and ("\27[%sm%s\27[0m"):format(COLORS[kind], text) or text
	end
end

local function print_request(out, paint, sent)
	out(("  %s %s"):format(paint("bold", sent.method), log.masked(sent.url)))
	local names = members.names(sent.headers)
	for _, name in ipairs(names) do
		out(paint("faint", ("    %s: %s"):format(name, shown_story.header(name, sent.headers[name]))))
	end
	if sent.body then
		out("    " .. log.masked(pretty.body(sent.body, sent.headers["content-type"], "    ")))
	end
	if sent.error then
		out(paint("stopped", "    no answer: " .. log.masked(sent.error)))
	elseif sent.answer.stand_in then
		out(paint("faint", "    not sent; the answer was a stand-in, 200 {}"))
	else
		local words = sent.sent and "answered" or "not sent; the answer was given:"
		out(("    %s %d %s"):format(words, sent.answer.status, log.masked((sent.answer.body or ""):sub(1, 2000))))
	end
end

local STAND_INS =
	"  its requests were answered with 200 {}: --answer '{\"id\": 7}' gives what the partner answers, in order"

-- A function that has a bug, or that the answers have misled: which one cannot be told.
local function print_stand_ins(out, path)
	local is_bug = not path.outcome.delivered and path.raised ~= nil and path.outcome.code == nil
	for _, sent in ipairs(is_bug and path.requests or {}) do
		if sent.answer and sent.answer.stand_in then
			out(STAND_INS)
			return
		end
	end
end

local function print_stages(out, paint, stages)
	for _, one in ipairs(stages) do
		local code = one.code and (" [%s%s]"):format(one.code, one.label and ": " .. one.label or "") or ""
		local line = ("%s %-12s %s%s"):format(MARKS[one.result], one.stage, log.masked(one.sentence), code)
		out(paint(one.result, line))
		for _, detail in ipairs(one.details or {}) do
			out("               " .. log.masked(detail))
		end
	end
end

local function all_sent(list)
	for _, sent in ipairs(list) do
		if not sent.sent then
			return false
		end
	end
	return #list > 0
end

local function print_outcome(out, paint, result, sent)
	if result.delivered then
		out(paint("passed", all_sent(sent or {}) and "= delivered" or "= would be delivered; nothing was sent"))
		return
	end
	local words = result.outcome
	if result.label and result.label:lower() ~= result.outcome:lower() then
		words = words .. " (" .. result.label .. ")"
	end
	local again = result.retried and "; Segment tries again, within minutes and for up to 4 hours"
		or "; not tried again"
	out(paint("stopped", ("= not delivered: %s%s"):format(words, again)))
	if result.where then
		out("  raised at " .. result.where)
	end
end

-- What the form of the settings would say of the credentials.
local function print_credentials(out, paint, result, sent)
	if not result.delivered then
		local words = ("= the credentials are refused: %s"):format(result.code or result.status)
		out(paint("stopped", words))
	elseif all_sent(sent) then
		out(paint("passed", "= the credentials are right"))
	else
		out(paint("passed", "= the credentials would be right after these answers; nothing was sent"))
	end
end

local function print_choices(out, path)
	if #path.choices == 0 then
		out "  no choices"
	end
	for _, choice in ipairs(path.choices) do
		out(("  %s  %s"):format(log.masked(tostring(choice.value)), log.masked(choice.label)))
	end
	if type(path.next_page) == "string" then
		out("  more: --page " .. path.next_page)
	end
end

--- Prints a story.
---@param one partnerapp.destination.story
---@param write fun(text: string)
---@param colors boolean
---@param number integer of the event
---@param shown table the requests that earlier events of the same try showed; filled in
function story.print(one, write, colors, number, shown)
	local paint = painter(colors)
	local function out(line)
		write(line .. "\n")
	end
	print_stages(out, paint, one.stages)
	for _, path in ipairs(one.paths) do
		local from = path.trigger and "mapping: " .. path.from or path.from
		out(paint("bold", ("\n%s"):format(path.action)) .. paint("faint", (" (%s)"):format(from)))
		print_stages(out, paint, path.stages)
		if path.payload ~= nil then
			out("  payload " .. log.masked(pretty.json(path.payload, "  ")))
		end
		if path.refused ~= nil then
			out("  refused " .. log.masked(pretty.json(path.refused, "  ")))
		end
		for _, sent in ipairs(path.requests) do
			local before = shown_story.before(shown, sent, number)
			if before then
				out(("  %s %s, the batch's: see event %d"):format(sent.method, log.masked(sent.url), before))
			else
				print_request(out, paint, sent)
			end
		end
		if path.choices then
			print_choices(out, path)
		elseif path.asks == "authentication" then
			print_credentials(out, paint, path.outcome, path.requests)
		else
			print_outcome(out, paint, path.outcome, path.requests)
			print_stand_ins(out, path)
		end
	end
	if one.outcome then
		print_outcome(out, paint, one.outcome)
	end
end

return story
