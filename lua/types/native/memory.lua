---@meta native.memory
-- What all VMs of a server share until its process ends (src/native/memory.c): at most 1,000 values, for what the database
-- could not take yet.

---@class native.memory
local memory = {}

---@param name string
---@param value string at most 16 KiB
---@return boolean kept
function memory.put(name, value) end

---@param name string
---@return string? value
function memory.get(name) end

---@param name string
function memory.drop(name) end

return memory
