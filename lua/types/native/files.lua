---@meta native.files
-- Files, environment and terminal (src/native/files.c). Only the command line may require this module.

---@class native.files
local files = {}

---@param name string
---@return string? value nil when unset
function files.env(name) end

---@param path string "-" is standard input
---@return string? bytes, string? message, string? code "not_found" | "io"
function files.read(path) end

--- Writes a new file in the same folder and renames it to `path`, so that readers see the old or the new version.
---@param path string
---@param bytes string
---@param mode integer permissions, 384 is 0600
---@param first boolean? fail with "exists" when there is a file already
---@return true?, string? message, string? code "exists" | "not_found" | "io"
function files.write(path, bytes, mode, first) end

--- Locks a file or folder until this process ends.
---@param path string
---@return true?, string? message, string? code "busy" when another process has locked it
function files.lock(path) end

--- Makes a folder and its parents (0700). Succeeds when it exists already.
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

--- Writes to standard output, or standard error, without a newline.
---@param text string
function files.out(text) end

---@param text string
function files.err(text) end

---@param stream "in"|"out"|"err"
---@return boolean whether it is a terminal
function files.is_terminal(stream) end

--- Prints the prompt on standard error and reads one line from standard input; with `hidden` a terminal does not echo
--- it. Ctrl-C, SIGTERM and SIGHUP end it with "interrupted"; the echo is on again then.
---@param prompt string
---@param hidden boolean?
---@return string? line, string? message, string? code "end" | "interrupted" | "too_long" | "io"
function files.read_line(prompt, hidden) end

--- The folder of the Lua files of this installation.
---@return string
function files.library() end

return files
