---@meta native.recordings
-- Keeps a recorded try in an app's folder: the only file that a server's scripts write (src/native/recordings.c).

---@class native.recordings
local recordings = {}

--- Writes destinations/tests/SLUG/NAME.test.json below an app's folder. A file that is there already stays.
---@param app string the folder
---@param slug string letters, digits, - and _
---@param name string letters, digits, - and _
---@param bytes string at most 8 MiB
---@return string? path
---@return string? message
---@return "exists"|"io"? code
function recordings.keep(app, slug, name, bytes) end

return recordings
