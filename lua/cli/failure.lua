-- Why a case of `partnerapp test` failed, as lines for people: the check, what the app raised, the calls that were not
-- listed, and what was logged and printed.
local failure = {}

local LINES_MOST = 40 -- of the log

local function is_of_runner(frame)
	return frame:find "^cli/test%.lua" or frame:find "^partnerapp/testing"
end

-- Adds the frames of a traceback: those of the app, or all but the runner's; of those of the library their number. A
-- frame that the message names is left out when it would be the only one.
local function add_frames(lines, traceback, message, of_library)
	local shown, folded, own = {}, 0, 0
	local function add_folded()
		if folded > 0 then
			shown[#shown + 1] = ("  (%d %s of the library)"):format(folded, folded == 1 and "frame" or "frames")
		end
		folded = 0
	end
	for frame in traceback:gmatch "\n\t([^\n]*)" do
		if not is_of_runner(frame) and not frame:find "^[%[%(]" then
			if not of_library and frame:find "^partnerapp/" then
				folded = folded + 1
			else
				add_folded()
				own = own + 1
				shown[#shown + 1] = "  " .. frame
			end
		end
	end
	add_folded()
	local place = own == 1 and #shown == 1 and shown[1]:match "^  ([^:]+:%d+:)"
	if not (place and message:sub(1, #place) == place) then
		table.move(shown, 1, #shown, #lines + 1, lines)
	end
end

-- Text of several lines, then the frames of the traceback that may be at its end.
local function add_text(lines, text, of_library)
	local message, traceback = text:match "^(.-)\nstack traceback:(.*)$"
	for line in ((message or text) .. "\n"):gmatch "([^\n]*)\n" do
		lines[#lines + 1] = line
	end
	if traceback then
		add_frames(lines, traceback, message, of_library)
	end
end

-- A line of the log as on a terminal: route, message, error, then the other fields by their names.
local function text_of(one)
	local parts, names = {}, {}
	parts[1] = (one.fields.route and one.fields.route .. ": " or "") .. one.message
	if one.fields.error ~= nil then
		parts[1] = parts[1] .. ": " .. tostring(one.fields.error)
	end
	for name in pairs(one.fields) do
		if name ~= "route" and name ~= "error" and name ~= "traceback" then
			names[#names + 1] = name
		end
	end
	table.sort(names)
	for _, name in ipairs(names) do
		parts[#parts + 1] = ("%s=%s"):format(name, one.fields[name])
	end
	return table.concat(parts, "  ")
end

local function is_failure(one)
	return one.level == "error" and one.fields.route ~= nil
end

local function add_failures(lines, said, of_library)
	for _, one in ipairs(said) do
		if is_failure(one) then
			add_text(lines, text_of(one), of_library)
			add_frames(lines, one.fields.traceback or "", "", of_library)
		end
	end
end

local function add_unlisted(lines, unlisted)
	for _, one in ipairs(unlisted) do
		local nearest = one.nearest and "the nearest that is listed: " .. one.nearest
		local hint = "  "
			.. (nearest or ('the case lists no call: testing.network { ["%s"] = { … } }'):format(one.call))
		if lines[1]:find(one.call, 1, true) then
			table.insert(lines, 2, hint)
		else
			lines[#lines + 1] = "called, and not listed: " .. one.call
			lines[#lines + 1] = hint
		end
	end
end

--- What was logged and printed, but for what failed.
---@param said table[] of partnerapp.testing.story
---@param printed_only boolean? without the log
---@return string[] lines
function failure.said(said, printed_only)
	local lines, left_out = {}, 0
	for _, one in ipairs(said) do
		local text = one.printed and "printed: " .. one.printed
		if not text and not printed_only and not is_failure(one) then
			text = ("logged: %s: %s"):format(one.level, text_of(one))
		end
		if text and #lines >= LINES_MOST then
			left_out = left_out + 1
		elseif text then
			lines[#lines + 1] = (text:gsub("\n", "\n  "))
		end
	end
	if left_out > 0 then
		lines[#lines + 1] = ("(%d more lines)"):format(left_out)
	end
	return lines
end

--- Why a case failed.
---@param why string
---@param story partnerapp.testing.story
---@param of_library boolean whether the library's own frames are of interest
---@return string lines
function failure.text(why, story, of_library)
	local lines = {}
	add_text(lines, why, of_library)
	add_failures(lines, story.said, of_library)
	add_unlisted(lines, story.unlisted)
	for _, line in ipairs(failure.said(story.said)) do
		lines[#lines + 1] = line
	end
	return table.concat(lines, "\n")
end

return failure
