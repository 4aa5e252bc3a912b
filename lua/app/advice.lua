-- Why Segment did not give the destination of an install, and what its page advises.

---@class app.advice
---@field lead string
---@field next string
---@field action "again"|"reload"|false connect again, or load the page again
---@field title string? of the page, when it is another one

local CAUSES = {
	down = {
		lead = "Segment does not answer right now, so what is set up cannot be shown.",
		next = "You need not do anything: the install is saved, and what is enabled at Segment goes on. Load this page again "
			.. "in a moment.",
		action = "reload",
	},
	too_often = {
		lead = "This app makes too many calls right now, so what is set up cannot be shown.",
		next = "You need not do anything: the install is saved, and what is enabled at Segment goes on. Load this page again "
			.. "in a minute.",
		action = "reload",
	},
	unreadable = {
		lead = "Segment's answer did not come whole or is not what it should be, so what is set up cannot be shown.",
		next = "You need not do anything: the install is saved, and what is enabled at Segment goes on. Load this page again "
			.. "in a moment.",
		action = "reload",
	},
	refused = {
		title = "Not connected any more",
		lead = "Segment refuses the access of this app.",
		next = "The app may have been removed from the workspace. Connect again to give it access. Until then it cannot "
			.. "change anything there.",
		action = "again",
	},
	forbidden = {
		lead = "Segment does not let this app see its destination.",
		next = "The access that you gave is for something else. Connect again to give it anew.",
		action = "again",
	},
	gone = {
		title = "Not set up",
		lead = "The destination is not on your source.",
		next = "It was deleted at Segment, or setting it up failed. Connect again to have it set up.",
		action = "again",
	},
	elsewhere = {
		lead = "This app does not call Segment for this install.",
		next = "Its developer has to mend that: the reason is above. You need not do anything.",
		action = false,
	},
	own = {
		lead = "This app cannot use what it has saved for this install.",
		next = "Its operator has to mend that, and finds the reason in the log under the id of this request. You need not do "
			.. "anything.",
		action = false,
	},
}

local OF = {
	not_found = CAUSES.gone,
	unauthorized = CAUSES.refused,
	permanent = CAUSES.refused,
	needs_reconnect = CAUSES.refused,
	forbidden = CAUSES.forbidden,
	rate_limited = CAUSES.too_often,
	busy = CAUSES.too_often,
	bad_response = CAUSES.unreadable,
	too_large = CAUSES.unreadable,
	unknown_server = CAUSES.elsewhere,
	other_server = CAUSES.elsewhere,
	other_client = CAUSES.elsewhere,
	damaged = CAUSES.own,
	unknown_key = CAUSES.own,
	not_set = CAUSES.own,
	database = CAUSES.own,
}

--- The advice for a code of the Segment client or of a token. Whatever is not listed passes by itself.
---@param code string?
---@return app.advice
return function(code)
	return OF[code] or CAUSES.down
end
