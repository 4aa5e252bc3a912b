-- The exchanges of one OAuth flow as the numbered steps of Segment's documentation: what each is, in the customer's
-- browser, at the app and at Segment.
---@class dashboard.flow_step
---@field title string
---@field text string
---@field exchanges table[] summaries, as lists show them
---@field state "good"|"bad"|"open" open: it has not happened, or cannot be seen from here

local function is_start(one)
	return one.direction == "in" and not one.url:find "/callback[?]?" and (one.status == 302 or one.status == 303)
end

local function is_callback(one)
	return one.direction == "in" and one.url:find "/callback%f[?\0]" ~= nil
end

-- The demo registers its clients in the sandbox: no part of OAuth.
local function is_of_demo(one)
	return one.direction == "out" and one.url:find("/_sandbox/", 1, true) ~= nil
end

local function is_token_call(one)
	return one.direction == "out" and one.method == "POST" and one.url:find "token" ~= nil
end

local function state_of(list)
	if #list == 0 then
		return "open"
	end
	local last = list[#list]
	return last.status and last.status < 400 and "good" or "bad"
end

local function step(title, text, list)
	return { title = title, text = text, exchanges = list, state = state_of(list) }
end

-- Takes those out of a list that are of one kind.
local function take(list, is_one)
	local taken, rest = {}, {}
	for _, one in ipairs(list) do
		local into = is_one(one) and taken or rest
		into[#into + 1] = one
	end
	return taken, rest
end

--- The steps of a flow.
---@param list partnerapp.traffic.summary[] of one flow, in the order in which they began
---@return dashboard.flow_step[]
return function(list)
	local callbacks, tokens, starts
	list = select(2, take(list, is_of_demo))
	callbacks, list = take(list, is_callback)
	tokens, list = take(list, is_token_call)
	starts, list = take(list, is_start)
	local consent = step(
		"The customer consents at Segment",
		"The browser is at Segment: login, workspace and source, and the question whether the app may. The app sees "
			.. "nothing of it.",
		{}
	)
	consent.state = #callbacks > 0 and "good" or "open"
	local steps = {
		step(
			"The app sends the browser to Segment",
			"“Enable with Segment” was pressed. The app makes a state and a PKCE verifier, keeps them sealed in a cookie, and "
				.. "redirects to Segment's authorize endpoint.",
			starts
		),
		consent,
		step(
			"Segment sends the browser back",
			"The callback has the code and the state. The app compares the state with its cookie, and takes it once only.",
			callbacks
		),
		step(
			"The app exchanges the code for an install token",
			"A call to the token endpoint with the code, the verifier and the client's credentials. The answer names the "
				.. "install, the workspace and the source.",
			tokens
		),
		step(
			"The app uses the token",
			"Calls to the Config API, such as creating the destination on the customer's source.",
			list
		),
	}
	return steps
end
