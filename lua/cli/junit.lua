-- Results of tests as JUnit XML, which CI systems read.
local junit = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

-- XML 1.0 has no control bytes but tab and line breaks, and no bytes that are not UTF-8.
local function escape(text)
	text = utf8.len(text) and text or text:gsub("[\x80-\xff]", "?")
	return (text:gsub("[%z\1-\8\11\12\14-\31]", "?"):gsub('[&<>"]', ESCAPES))
end

--- The results as one suite.
---@param results {name: string, seconds: number, why: string?}[] why: of a case that failed
---@return string
function junit.document(results)
	local cases, failed, seconds = {}, 0, 0
	for i, one in ipairs(results) do
		local open = ('\t<testcase name="%s" time="%.3f"'):format(escape(one.name), one.seconds)
		if one.why then
			failed = failed + 1
			local message = escape(one.why:match "^[^\n]*")
			local body = ('\t\t<failure message="%s">%s</failure>\n'):format(message, escape(one.why))
			cases[i] = open .. ">\n" .. body .. "\t</testcase>\n"
		else
			cases[i] = open .. "/>\n"
		end
		seconds = seconds + one.seconds
	end
	local head = ('<testsuite name="partnerapp" tests="%d" failures="%d" time="%.3f">'):format(
		#results,
		failed,
		seconds
	)
	return ('<?xml version="1.0" encoding="UTF-8"?>\n%s\n%s</testsuite>\n'):format(head, table.concat(cases))
end

return junit
