---@meta native.shared
-- What all VMs of a server share until its process ends (src/native/shared.c): at most 1,000 values, for what the database
-- could not take yet.

---@class native.shared
local shared = {}

---@param name string
---@param value string at most 16 KiB
---@return boolean kept
function shared.put(name, value) end

---@param name string
---@return string? value
function shared.get(name) end

---@param name string
function shared.drop(name) end

return shared
