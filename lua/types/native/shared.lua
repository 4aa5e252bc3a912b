---@meta native.shared
-- Named values that all VMs of a server share until the process ends (src/native/shared.c): at most 1,000, for values
-- that the database could not store yet.

---@class native.shared
local shared = {}

---@param name string
---@param value string at most 48 KiB
---@return boolean kept false when it is too long or there are too many
function shared.put(name, value) end

---@param name string
---@return string? value
function shared.get(name) end

---@param name string
function shared.drop(name) end

--- The names that begin with a prefix. A name has no NUL.
---@param prefix string
---@return string[] names
function shared.names(prefix) end

return shared
