-- What to add to a form that did not send its session's token, and where: looks for the form in the app's views and
-- scripts. In development only, and only after such a request.
local scripts = require "native.scripts"

local NAMED_MAX = 3
local FORMS_MAX = 100 -- of one file
local TAG_MAX = 4096 -- bytes

-- The value of an attribute of a tag, or nil.
local function attribute(tag, name)
	local from = tag:lower():match("%f[%w-]" .. name .. "%s*=%s*()")
	return from and (tag:match('^"([^"]*)"', from) or tag:match("^'([^']*)'", from) or tag:match("^[^%s\"'/>]+", from))
end

-- Whether the text is the parts in their order, with any text between them.
local function fits(text, parts)
	local at = 1
	for i, part in ipairs(parts) do
		local from, to = text:find(part, at, true)
		if not from or i == 1 and from ~= 1 then
			return false
		end
		at = to + 1
	end
	local last = parts[#parts]
	return text:sub(-#last) == last or last == ""
end

-- Whether a form's action may be that path: {{ … }} and %s in it stand for any text. Without an action a form sends to
-- the address of its page.
local function leads_to(action, path, page)
	if not action or action == "" then
		return path == page
	end
	local parts = {}
	action = action:match("^[^?#]*"):gsub("{{.-}}+", "\0"):gsub("%%[sd]", "\0")
	for part in (action .. "\0"):gmatch "([^\0]*)%z" do
		parts[#parts + 1] = part
	end
	return action:sub(1, 1) == "/" and (#parts == 1 and action == path or #parts > 1 and fits(path, parts))
end

local function line_at(source, position)
	local _, count = source:sub(1, position):gsub("\n", "")
	return count + 1
end

-- Adds the places of the forms of one file that send to the path and have no token. The marks are found as plain
-- strings: a pattern for them would be refused for a long file.
local function add_places(places, file, source, path, page)
	local lower = source:lower()
	local from, count = lower:find("<form", 1, true), 0
	while from and count < FORMS_MAX and #places < NAMED_MAX do
		local after = lower:find(">", from, true) or #source
		local ended = lower:find("</form", after, true) or #source
		local tag = source:sub(from, math.min(after, from + TAG_MAX))
		local sends = (attribute(tag, "method") or "get"):lower() == "post"
		local has_token = lower:sub(after, ended):find("csrf", 1, true)
		if sends and not has_token and leads_to(attribute(tag, "action"), path, page) then
			places[#places + 1] = ("%s:%d"):format(file, line_at(source, from))
		end
		from, count = lower:find("<form", after, true), count + 1
	end
end

-- Where the form may be, and whether all of these places are in views.
local function find(path, page)
	local places, in_views = {}, true
	for _, file in ipairs(scripts.list "app") do
		local is_view = file:find "^views/.+%.html$"
		if is_view or file:find "%.lua$" and not file:find "^tests/" then
			local before = #places
			add_places(places, file, scripts.read("app", file), path, page)
			in_views = in_views and (is_view or #places == before)
		end
	end
	return places, in_views
end

-- The path of the page that the form was on, by the Referer, which a browser sends with a form of this app.
local function page_of(req)
	return (req:header "referer" or ""):match "^https?://[^/]+(/[^?#]*)"
end

-- Where the page is made: "GET /items, made at init.lua:12"; nil when no route of the app makes it.
local function maker_of(page, router)
	local route = page and router:find { method = "GET", path = page }
	return route and ("GET %s, made at %s"):format(route.path, route.where)
end

local function advice_on_place(req, router)
	local page = page_of(req)
	local places, in_views = find(req.path, page)
	local made = maker_of(page, router)
	local where, value = table.concat(places, " or "), "after its <form …>"
	if #places > 0 and not in_views then
		value = "req:csrf_field() " .. value
	else
		value = ("{{{ csrf }}} %s, and give the view csrf = req:csrf_field()"):format(value)
	end
	return ("%sthis form sends no field csrf, so it is refused: write %s%s"):format(
		#places > 0 and where .. ": " or "",
		value,
		made and (" (%s)"):format(made) or ""
	)
end

--- Why a form of a browser with a session is refused that sent no token at all.
---@param req partnerapp.request
---@param router table of the app
---@return string message
return function(req, router)
	local target, kind = req:header "sec-fetch-dest", (req:header "content-type" or ""):match "^[^;%s]*"
	if target and target ~= "document" and target ~= "iframe" then
		return "this call of a script sends no token: add the header X-CSRF-Token with req:csrf_token() of its page, or "
			.. "send JSON with its Content-Type"
	elseif kind:lower() == "multipart/form-data" or kind:lower() == "text/plain" then
		return ('the token of a form with enctype="%s" is not read: leave the enctype out'):format(kind:lower())
	end
	return advice_on_place(req, router)
end
