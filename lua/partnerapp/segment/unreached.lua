-- The words for a call that got no answer of Segment's: they tell a network, a connection that broke and this app's own
-- limits apart.
local BEGINNINGS = {
	timeout = "Segment did not answer in time",
	bad_response = "the connection to Segment broke",
	too_large = "Segment's answer cannot be used",
	busy = "Segment was not called",
	cancelled = "Segment was not called",
	denied = "Segment was not called",
	usage = "Segment was not called",
}

--- The message of a failed call.
---@param err string of native.http
---@param code string? of native.http
---@return string
return function(err, code)
	return (BEGINNINGS[code] or "Segment cannot be reached") .. ": " .. err
end
