-- Files that a person may have meant to be served below /static/, and that are not: read from the app's folder itself,
-- for the snapshot has only what the host takes from there.
local files = require "native.files"
local static = require "partnerapp.web.static"

local static_files = {}

local FOLDER = "static"

-- Folders that other frameworks serve.
local ELSEWHERE = { "Static", "assets", "htdocs", "public", "statics", "views", "www" }

-- Files that are for a browser only: the endings of the others are also those of an app's data and views.
local FOR_BROWSERS = {}

for ending in ("avif css gif ico jpeg jpg js mjs otf png svg ttf webmanifest webp woff woff2"):gmatch "%w+" do
	FOR_BROWSERS[ending] = true
end

-- Files that belong to git or to a system, and are in such folders without a meaning.
local SILENT = { [".gitkeep"] = true, [".keep"] = true, [".gitignore"] = true, [".DS_Store"] = true }

local DEPTH_MAX = 15 -- folders below static/: DEPTH_MAX of src/script/tree.c counts the app's folder too

local function is_meant(name)
	return not SILENT[name] and name:sub(-1) ~= "~" and not name:find "^%..*%.sw.$"
end

-- Why the host does not take a file or folder of the app; nil when it does.
local function passed_over(app, path, found, depth)
	local real = files.real(app .. "/" .. path)
	if not found or not real then
		return "the link leads nowhere"
	elseif real:sub(1, #app + 1) ~= app .. "/" then
		return "the link leads out of the app's folder"
	elseif path:find "/%.[^/]*$" then
		return "names that begin with a dot are passed over"
	elseif found.kind == "folder" and depth >= DEPTH_MAX then
		return "the folder is too deep"
	end
end

-- Calls one(path, why, size) for each file below a folder, with its path in the app's folder; and for what the host
-- does not take, with the reason.
local function walk(app, folder, depth, one)
	for _, name in ipairs(files.list(app .. "/" .. folder) or {}) do
		local path = folder .. "/" .. name
		local found = is_meant(name) and files.stat(app .. "/" .. path)
		local why = is_meant(name) and passed_over(app, path, found, depth)
		if why or found and found.kind ~= "folder" then
			one(path, why or nil, found and found.size)
		elseif found then
			walk(app, path, depth + 1, one)
		end
	end
end

local function below_static(app, add)
	walk(app, FOLDER, 1, function(path, why, size)
		why = why or static.refused(path:sub(#FOLDER + 2), size)
		if why then
			add(("%s is not served: %s"):format(path, why))
		end
	end)
end

local function elsewhere(app, add)
	for _, folder in ipairs(ELSEWHERE) do
		local count = 0
		walk(app, folder, 1, function(path, why)
			count = count + (not why and FOR_BROWSERS[(path:match "%.(%w+)$" or ""):lower()] and 1 or 0)
		end)
		if count > 0 then
			local what = count == 1 and "1 file" or count .. " files"
			add(("%s/ is not served, and has %s for browsers: their place is static/"):format(folder, what))
		end
	end
end

--- Tells of the files that will not be served.
---@param folder string of the app
---@return string[]
function static_files.warnings(folder)
	local warnings = {}
	local app = files.real(folder) or folder
	local function add(text)
		warnings[#warnings + 1] = text:gsub("%c", "?")
	end
	below_static(app, add)
	elsewhere(app, add)
	return warnings
end

return static_files
