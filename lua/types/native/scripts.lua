---@meta native.scripts
-- The snapshot of scripts that this VM was made from, and the compiler for templates (src/native/scripts.c).

---@class native.scripts
local scripts = {}

--- A file of the snapshot.
---@param room "app"|"library"|"dashboard"|"cli"
---@param name string relative to the folder: "views/home.html"
---@return string? bytes, string? path, integer? saved when it was last written, in nanoseconds
function scripts.read(room, name) end

---@param room "app"|"library"|"dashboard"|"cli"
---@param prefix string? only names that begin with it
---@return string[] names, sorted
function scripts.list(room, prefix) end

--- The rooms that scripts live in (src/script/rooms.c): `name` as the functions above take it, and what the names of
--- its modules begin with, nil for the app. `has_pages`: names of views and static files may begin with the prefix.
---@return {name: string, prefix: string?, has_pages: boolean}[]
function scripts.rooms() end

--- Compiles source text (never bytecode) with `environment` as its globals.
---@param source string
---@param name string for messages, as in load: "@views/home.html"
---@param environment table
---@return function? chunk, string? message
function scripts.compile(source, name, environment) end

--- Whether a text is UTF-16, with a mark or without.
---@param text string
---@return boolean
function scripts.is_utf16(text) end

--- The media type of a file, by its ending in any case of letters (src/base/media.c).
---@param name string
---@return string? type nil for an ending that is not known
function scripts.media_type(name) end

--- The endings that have a media type, sorted.
---@return string[]
function scripts.endings() end

--- The globals of the app's modules, for compiled templates.
---@return table
function scripts.globals() end

--- The place of the nearest caller outside the library: where a route was defined. The line is "?" where there is no
--- such caller, as in a coroutine of the library.
---@return string place "init.lua:12"
function scripts.caller() end

--- Where a Lua function begins.
---@param fn function
---@return string place "init.lua:12"
function scripts.place(fn) end

--- What names this reading of the scripts: another for each reload and each start.
---@return string? version nil without a snapshot
function scripts.version() end

return scripts
