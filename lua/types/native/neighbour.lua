---@meta native.neighbour
-- Another server of this process, whose scripts can be asked (src/native/neighbour.c): the app's, for the sandbox.

---@class native.neighbour
local neighbour = {}

--- Calls host.ask(question) in a VM of the other server. Not in a transaction: the other server may take seconds.
---@param question string
---@return string? answer, string? message
---@return string? code "absent" when there is none, "busy", "script" when the other script raised, "memory"
function neighbour.ask(question) end

return neighbour
