---@meta native.program
-- Another program (src/native/program.c). Only the command line may require this module.

---@class native.program
local program = {}

--- Runs a program, which is looked for in PATH, and waits for its end. It reads nothing, and what it prints on standard
--- error is dropped. Of the environment it gets PATH, HOME, TMPDIR, the language and Lua's variables.
---@param name string
---@param arguments string[] at most 4,000
---@param folder string where it runs
---@param seconds number after which it is ended, at most 600
---@return string? output at most 1 MiB
---@return integer|string exit_code 128 and more after a signal; or the message
---@return "not_found"|"io"|"timeout"|"too_large"|nil code
function program.run(name, arguments, folder, seconds) end

return program
