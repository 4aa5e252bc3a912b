-- The endings of an install flow: for each a status, a title and what happened, as a page (views/oauth.html) or as JSON
-- for programs. Both say how to start again; neither has a secret in it.
local config = require "partnerapp.config"
local log = require "partnerapp.log"
local short = require "partnerapp.short"

local endings = {}

local NOTHING = " Nothing was connected."

-- Segment has an install from the consent on, also when this app did not get its token: the next try would end as
-- already_exists.
local REMOVE = "Segment may have the app as installed on that workspace by now. Remove it there, in the workspace's "
	.. "settings at Segment, before another try: otherwise Segment says that it is already installed."
local BUTTON = "In this demo, the sandbox's page has a button for that:"

-- {server} is who should answer: Segment, or the host of the mount's server.
local ENDINGS = {
	-- of the callback's address
	malformed = { 400, "Malformed", "A parameter of this address is empty or given twice." .. NOTHING },
	no_code = { 400, "Something is missing", "{server} sent neither a code nor an error." .. NOTHING },
	state_missing = {
		400,
		"Something is missing",
		"This address has no state, so this app cannot tell which browser began the connection." .. NOTHING,
	},
	state_wrong = {
		400,
		"Not begun in this browser",
		"This browser did not begin that connection, or it began more than ten minutes ago, or cookies are switched off."
			.. NOTHING,
	},
	state_expired = { 400, "Too late", "That connection was begun more than ten minutes ago." .. NOTHING },
	state_used = { 409, "Already used", "This address was opened before. It works only once." },
	other_client = {
		400,
		"Begun with another Segment",
		"When that connection was begun, this app had another client or was connected to another Segment, as in a demo."
			.. NOTHING,
	},
	other_server = {
		400,
		"Wrong sender",
		"This address names another authorization server than the one where the connection began." .. NOTHING,
	},

	-- errors the authorization server redirects with; those not listed end as "error" (OA-20)
	access_denied = { 403, "Not connected", "The request to connect was refused at {server}, so nothing was changed." },
	invalid_request = { 400, "{server} refused", "{server} did not understand the request to connect." },
	invalid_client = { 400, "{server} refused", "{server} does not know this app." },
	invalid_scope = {
		400,
		"{server} refused",
		"The app asked for another scope than the one it is registered with. Its developer has to make the scope in the "
			.. "script and the scope of the app at {server} the same.",
	},
	invalid_state = { 400, "{server} refused", "{server} did not accept the state of the request to connect." },
	unauthorized_client = { 400, "{server} refused", "{server} does not allow this app to connect this way." },
	unsupported_response_type = {
		400,
		"{server} refused",
		"{server} does not support the way this app asks to connect.",
	},
	server_error = { 400, "{server} refused", "{server} had a problem of its own. Try again in a moment." },
	temporarily_unavailable = { 400, "{server} refused", "{server} is not available right now. Try again in a moment." },
	error = {
		400,
		"{server} refused",
		"{server} did not connect the app, and gave a reason that this app does not know.",
	},
	already_exists = {
		409,
		"Already installed",
		"Segment says that this app is already installed on that workspace. If you connected it from another browser, open "
			.. "it there. To connect it anew, remove the app in the workspace's settings at Segment first, or choose another "
			.. "workspace.",
	},

	-- of the exchange
	timeout = { 504, "{server} is slow", "{server} did not answer in time. Nothing was saved. Try again in a moment." },
	unreachable = {
		502,
		"{server} cannot be reached",
		"{server} cannot be reached right now. Nothing was saved. Try again in a moment.",
	},
	unavailable = {
		502,
		"{server} is not available",
		"{server} cannot answer right now. Nothing was saved. Try again in a moment.",
	},
	bad_response = {
		502,
		"Unexpected answer",
		"{server}'s answer could not be understood. Nothing was saved. Try again in a moment.",
	},
	connection_lost = {
		502,
		"The connection broke",
		"The connection to {server} broke before its whole answer was here. Nothing was saved. Try again in a moment.",
	},
	busy = {
		503,
		"Not available right now",
		"This app could not call {server}: it makes too many calls at once, or is stopping. Nothing was saved. Try again "
			.. "in a moment.",
	},
	code_refused = { 502, "The code was refused", "{server} refused the code. A code works once, and for ten minutes." },
	invalid_credentials = {
		502,
		"Wrong credentials",
		"{server} does not accept this app's credentials. Its developer has to check the client's id and secret.",
	},
	redirect_uri = {
		502,
		"The redirect URI does not match",
		"{server} refused the code: the redirect URI must match the app's, byte for byte. This app sent the one below "
			.. "(PUBLIC_URL and the path in the script make it); register exactly that one with the app at {server}.",
	},

	-- of this app
	not_set = { 500, "Not set up yet", "This app has no client at {server} yet." },
	sandbox = {
		502,
		"The sandbox does not answer",
		"The sandbox, which takes the place of Segment in the demo, does not answer.",
	},
	database = { 503, "Not available right now", "The database does not answer." .. NOTHING },
	not_saved = {
		503,
		"Not saved",
		"{server} connected the app, but the install could not be saved: the database cannot store it right now.",
	},
	not_finished = {
		500,
		"Connected, but not finished",
		"The install is saved. What the app does after that has failed; the reason is in the app's log.",
	},
	connected = { 200, "Connected", "The app is connected to your workspace, and the install is saved." },
}

-- What is different when the mount's server is not Segment.
local ELSEWHERE = {
	other_client = {
		400,
		"Begun with another client",
		"When that connection was begun, this app had another client at {server}, or another server in its place."
			.. NOTHING,
	},
	invalid_scope = {
		400,
		"{server} refused",
		"The app asked for a scope that {server} does not give it. Its developer has to make the scope in the script one "
			.. "that the app may have there.",
	},
	code_refused = {
		502,
		"The code was refused",
		"{server} refused the code. A code works once, and for some minutes.",
	},
	connected = { 200, "Connected", "The app is connected to {server}, and the install is saved." },
}

-- The endings after which Segment may have an install that this app has not.
local LEAVES_INSTALL = {}
for name in
	(
		"timeout unreachable unavailable bad_response connection_lost busy code_refused invalid_credentials "
		.. "redirect_uri database not_saved"
	):gmatch "%S+"
do
	LEAVES_INSTALL[name] = true
end

local OAUTH_ERRORS = {}
for name in
	(
		"access_denied invalid_request invalid_client invalid_scope invalid_state unauthorized_client "
		.. "unsupported_response_type server_error temporarily_unavailable"
	):gmatch "%S+"
do
	OAUTH_ERRORS[name] = true
end

--- The ending of an error that the authorization server redirected with.
---@param name string as the server sent it
---@return string
function endings.of_error(name)
	return OAUTH_ERRORS[name] and name or "error"
end

---@class partnerapp.endings.more
---@field text string? instead of the ending's own sentence
---@field said {name: string, text: string}[]? what the server sent, or what was sent to it; shown escaped, cut
---@field caption string? above those
---@field links {href: string, text: string}[]? where to go from here

local function as_json(req, mount, name, text, said)
	local details
	for _, one in ipairs(said) do
		details = details or {}
		details[one.name] = one.text
	end
	return require("partnerapp.reply").json({
		error = name,
		message = text,
		details = details,
		start_again = mount.path,
		request_id = req.id,
	}, ENDINGS[name][1])
end

local function is_segment(mount)
	return not mount.server or mount.server.is_segment
end

-- The ending of a mount: status, title, text, and the name of its server for a sentence.
local function ending_of(mount, name)
	local server, ending = "Segment", ENDINGS[name]
	if not is_segment(mount) then
		server, ending = require("partnerapp.http").parse_url(mount.server.issuer).host, ELSEWHERE[name] or ending
	end
	local names = { server = server }
	return ending[1], (ending[2]:gsub("{(%l+)}", names)), (ending[3]:gsub("{(%l+)}", names)), server
end

-- What has to be removed at Segment before another try, and where to do that in the demo; false for each that is not.
local function removal(mount, name)
	if not is_segment(mount) then
		return false, false
	end
	local leaves = LEAVES_INSTALL[name]
	return leaves and REMOVE or false, config.sandbox_url and (leaves or name == "already_exists") and BUTTON or false
end

local function make(req, mount, name, more)
	local status, title, text, server = ending_of(mount, name)
	local said = {}
	for i, one in ipairs(more.said or {}) do
		said[i] = { name = one.name, text = short(one.text) }
	end
	text = more.text and log.masked(more.text) or text
	local remove, button = removal(mount, name)
	if status ~= 200 and req:wants_json() then
		return as_json(req, mount, name, remove and text .. " " .. remove or text, said)
	end
	return require("partnerapp.reply").view("oauth", {
		ending = name,
		title = title,
		text = text,
		said = said,
		caption = more.caption or "What " .. server .. " said",
		remove = remove,
		button = button,
		sandbox = config.sandbox_url or false,
		links = more.links or {},
		again = mount.path,
		banner = config.banner,
		request_id = req.id,
	}, status)
end

--- The response of an ending. Of one of 500 or more the caller logs the reason.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@param name string
---@param more partnerapp.endings.more?
---@return partnerapp.response
function endings.make(req, mount, name, more)
	local response = make(req, mount, name, more or {})
	response.logged = true
	return response
end

return endings
