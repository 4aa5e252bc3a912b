-- The entry module of a generation's first VM: tells once for each save what can be asked.
local actions = require "partnerapp.actions"

actions.tell()

return actions
