-- Serves files below static/; web/files.lua says where a name is looked for. Files come from the snapshot that was read
-- when the app was loaded, never from the file system, so no path leads out of it (HT-10).
local files = require "partnerapp.web.files"
local in_any_case = require "partnerapp.web.header_names"
local nearest = require "partnerapp.nearest"
local refusal = require "partnerapp.web.refusal"
local scripts = require "native.scripts"

local static = {}

local type_of = scripts.media_type

local versions = {} -- "static/x.css" → a string that changes when the file does

local function version_of(bytes, file)
	local version = versions[file]
	if not version then
		local crypto = require "native.crypto"
		version = crypto.base64url(crypto.digest("sha256", bytes)):sub(1, 16)
		versions[file] = version
	end
	return version
end

--- What may have been meant by the name of a file that is not there.
---@param path string
---@param folder string? the one that `path` is relative to; the app's unless given
---@return string end of a message
function static.meant(path, folder)
	folder = folder or ""
	local list = {}
	for _, name in ipairs(scripts.list("app", folder)) do
		list[#list + 1] = type_of(name) and name:sub(#folder + 1) or nil
	end
	return nearest(path, list)
end

--- Why a page cannot have the address of a file below static/; nil when it can.
---@param name string
---@return string?
function static.missing(name)
	if not files.read("static/", name) then
		return ("there is no static file '%s'%s"):format(name, static.meant(name, "static/"))
	end
end

-- What keeps a name out of every address: the gate refuses it (src/server/gate.c).
local function unaddressable(name)
	if name:find "[%c\\]" then
		return "an address cannot have a backslash or a control byte"
	elseif not utf8.len(name) then
		return "its name is not UTF-8"
	end
end

local MOST = 16 << 20 -- PA_SNAPSHOT_STATIC_MAX of src/script/snapshot.h

--- Why a file below static/ is not served; nil when it is.
---@param name string its path there
---@param bytes integer? its size
---@return string?
function static.refused(name, bytes)
	local room = files.of(name)
	if not type_of(name) then
		local ending = name:match "%.([^./]+)$"
		return ending
				and ("files that end with .%s are not served (docs/scripts.md lists those that are)"):format(ending)
			or "its name has no ending that says what it is"
	elseif room then
		return ("names that begin with %s are the library's own files"):format(room.label)
	elseif bytes and bytes > MOST then
		return ("it has %d MiB, and may have %d"):format(math.ceil(bytes / (1 << 20)), MOST >> 20)
	end
	return unaddressable(name)
end

local addresses = {}

local function encoded(name)
	return (name:gsub("[^%w/._~!$'()*+,;=:@-]", function(byte)
		return ("%%%02X"):format(byte:byte())
	end))
end

--- The address of a file below static/, which changes with its content so that browsers may keep it.
---@param name string "style.css"; "partnerapp/partnerapp.css" is one of the library's
---@return string
function static.address(name)
	local address = addresses[name]
	if not address then
		local bytes, file = files.read("static/", name)
		if not bytes then
			error(static.missing(name), 2)
		end
		address = "/static/" .. encoded(name) .. "?v=" .. version_of(bytes, file)
		addresses[name] = address
	end
	return address
end

local function is_known(req, etag)
	local known = req:header("if-none-match")
	return known ~= nil and (known == "*" or known:find(etag, 1, true) ~= nil)
end

--- Answers /static/….
---@param req partnerapp.request
---@return partnerapp.response|partnerapp.refusal
function static.serve(req)
	local name = req.path:sub(#"/static/" + 1)
	local kind = type_of(name)
	local bytes, file
	if kind then
		bytes, file = files.read("static/", name)
	end
	if not bytes then
		return refusal.new(404, "There is no such file.")
	end
	local version = version_of(bytes, file)
	local etag = '"' .. version .. '"'
	local headers = in_any_case {
		["content-type"] = kind,
		["etag"] = etag,
		["cache-control"] = req.raw.query_string == "v=" .. version and "public, max-age=31536000, immutable"
			or "no-cache",
	}
	if is_known(req, etag) then
		return { status = 304, headers = headers }
	end
	return { status = 200, headers = headers, body = bytes }
end

--- What names the newest reading of the scripts, for pages that load again when it changes (static/reload.js). Only in
--- development.
---@return partnerapp.response|partnerapp.refusal
function static.version()
	if not require("partnerapp.config").development then
		return refusal.new(404, "There is no such file.")
	end
	return { status = 200, headers = { ["content-type"] = type_of "x.txt" }, body = scripts.version() }
end

--- A response with a file of the app's folder; nil when there is none or it is a script.
---@param path string
---@return partnerapp.response?
function static.file(path)
	local kind = type_of(path)
	local bytes = kind and scripts.read("app", path)
	if bytes then
		local headers = in_any_case { ["content-type"] = kind, ["cache-control"] = "no-store" }
		return { status = 200, headers = headers, body = bytes }
	end
end

return static
