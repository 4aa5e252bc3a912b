---@meta native.gzip
-- Unpacks gzip data (src/native/gzip.c).

---@class native.gzip
local gzip = {}

--- What was packed. Raises for a limit out of range.
---@param packed string
---@param most integer how many bytes may come out, 1 to 8388608
---@return string? text
---@return string? message
---@return string? code "bad_gzip" | "too_large"
function gzip.decode(packed, most) end

return gzip
