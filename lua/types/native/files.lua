---@meta native.files
-- Files, environment and terminal: for the command line only; scripts of a server cannot require it (src/native/files.c).

---@class native.files
local files = {}

---@param name string
---@return string? value nil when unset
function files.env(name) end

---@param path string
---@return string? bytes, string? message, string? code "not_found" | "io"
function files.read(path) end

--- Writes a new version beside it and renames it into place.
---@param path string
---@param bytes string
---@param mode integer permissions, 384 is 0600
---@param first boolean? whether it must not be there yet
---@return true?, string? message, string? code "exists" | "not_found" | "io"
function files.write(path, bytes, mode, first) end

--- Takes a lock on a file or folder, for as long as this process lives.
---@param path string
---@return true?, string? message, string? code "busy" when another process has it
function files.lock(path) end

--- Makes a folder and its parents, 0700. Fine when it is there.
---@param path string
---@return true?, string?, string?
function files.make_folder(path) end

---@class native.files.stat
---@field kind "file"|"folder"|"other"
---@field mode integer permission bits
---@field size integer
---@field mtime number

---@param path string
---@return native.files.stat? found, string? message, string? code
function files.stat(path) end

---@param path string
---@return string[]? names sorted, without "." and "..", string? message, string? code
function files.list(path) end

--- The absolute path without links, "." and "..".
---@param path string
---@return string?, string?, string?
function files.real(path) end

--- Writes to standard output or standard error, raw.
---@param text string
function files.out(text) end

---@param text string
function files.err(text) end

---@param stream "in"|"out"|"err"
---@return boolean whether it is a terminal
function files.is_terminal(stream) end

--- Asks on standard error and reads one line from standard input; without echo when `hidden` and it is a terminal. Ctrl-C,
--- SIGTERM and SIGHUP are "interrupted": the terminal is as before then.
---@param prompt string
---@param hidden boolean?
---@return string? line, string? message, string? code "end" | "interrupted" | "too_long" | "io"
function files.read_line(prompt, hidden) end

--- The folder the Lua of this installation lives in.
---@return string
function files.library() end

return files
