-- Saves the renewed tokens that are kept in memory only (RT-06). Not a command: C runs it when a server stops.
local log = require "partnerapp.log"
local tokens = require "partnerapp.installs.tokens"

local save_tokens = {}

--- Logs each install whose new token is lost, for Segment refuses the one that the database has.
---@return integer exit_code 1 when a token is lost
function save_tokens.run()
	local left, why = tokens.save_kept()
	for _, name in ipairs(left) do
		log.error("a renewed token is lost: it could not be saved before the stop. Connect this install again", {
			install = name,
			error = why,
		})
	end
	return #left == 0 and 0 or 1
end

return save_tokens
