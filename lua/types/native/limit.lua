---@meta native.limit
-- Token buckets, shared by all VMs of a server (src/native/limit.c).

---@class native.limit
local limit = {}

--- Takes a token from the bucket of a key.
---@param key string
---@param per_second number tokens that the bucket gains, more than 0
---@param burst number tokens that the bucket holds, at least 1
---@return number seconds until there is a token; 0 when one was taken
function limit.take(key, per_second, burst) end

return limit
