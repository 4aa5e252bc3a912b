-- Keeps the keys that Segment shows only once: in .env, whose other lines stay, or in a new file when .env cannot be
-- written any more.
local answers = require "cli.setup.answers"
local crypto = require "native.crypto"
local dotenv = require "cli.dotenv"
local files = require "native.files"
local log = require "native.log"
local white_space = require "partnerapp.store.white_space"

local keep = {}

--- A field (see answers.lua) that asks whether a value in .env may be replaced; nil when .env has none of the names.
---@param names string[]
---@param path string of .env
---@param replace string? present when --replace was given
---@return table? field
function keep.guard(names, path, replace)
	local values = dotenv.read(path, {}, {})
	for _, name in ipairs(names) do
		if (values[name] or "") ~= "" then
			return {
				name = "replace",
				given = replace and "yes",
				question = ("%s has %s already, which Segment shows only once. Replace it (yes or no)"):format(
					path,
					name
				),
				how = "--replace",
				why = ("%s has %s already, which Segment shows only once"):format(path, name),
				check = answers.yes_or_no,
				stop = "no",
			}
		end
	end
end

--- Whether .env can be written, which is tried before anything is created. Prints a message when it cannot.
---@param path string of .env
---@return boolean
function keep.can_write(path)
	local ok, message = dotenv.write(path, {})
	if not ok then
		files.err(("partnerapp: nothing was created, because the keys could not be kept: %s\n"):format(message))
	end
	return ok == true
end

-- The path of a new file with the values, readable by this user alone; nil when no folder can be written.
local function rescue(values)
	for _, folder in ipairs { files.env "HOME" or "/", files.env "TMPDIR" or "/tmp" } do
		local path = ("%s/partnerapp-%s.env"):format(folder, crypto.token(6))
		if dotenv.write(path, values) then
			return path
		end
	end
end

-- Whether the environment has a value for the name, so that the one in .env is not used.
local function is_shadowed(name)
	return white_space.trim((files.env(name) or "") .. (files.env(name .. "_FILE") or "")) ~= ""
end

--- Writes the keys into .env; prints where else they are, or that they are lost, when that fails.
---@param values {[1]: string, [2]: string}[] names and values
---@param what string what the keys belong to: "apps/2"
---@param env string the path of .env
---@return boolean whether .env has them
function keep.save(values, what, env)
	local names = {}
	for i, pair in ipairs(values) do
		log.mask(pair[2])
		names[i] = pair[1]
	end
	local list = table.concat(names, " and ")
	local ok, message = dotenv.write(env, values)
	local path = not ok and rescue(values)
	if path then
		files.err(("partnerapp: %s was created, but %s could not be written: %s\n"):format(what, env, message))
		files.err(("%s: %s. Only you can read it; move its lines into %s and delete it.\n"):format(list, path, env))
		return false
	elseif not ok then
		files.err(("partnerapp: %s was created, but its keys are lost: %s\n"):format(what, message))
		files.err "Segment does not show them again: correct that error, delete it at Segment and create another one.\n"
		return false
	end
	for _, name in ipairs(names) do
		if is_shadowed(name) then
			files.err(("partnerapp: warning: the environment has another %s, which is used instead\n"):format(name))
		end
	end
	return true
end

return keep
