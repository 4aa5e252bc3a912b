-- partnerapp keys rotate: a new key for what is stored. Works beside running servers.
local crypto = require "native.crypto"
local files = require "native.files"
local servers = require "cli.servers"
local settings = require "cli.settings"

local command = {
	summary = "Seal what is stored with a new key",
	usage = "rotate [options]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp keys rotate
SECRET_KEY=k2:NEW,k1:OLD partnerapp keys rotate     where the key is not in a file]],
}

local OWNER_ONLY = tonumber("600", 8)
local KEYS_MOST = 16

local IN_ENVIRONMENT = [[
partnerapp: SECRET_KEY is in %s and has one key, so a new one cannot be put in front of it for you:
  1. make one (openssl rand -hex 32) and set SECRET_KEY=k2:NEW,k1:OLD, OLD being what it is now (without its "k1:")
  2. restart the servers
  3. run this again
]]

local function count(ring)
	return select(2, ring:gsub("[^,]+", ""))
end

-- A name that no key of the ring has.
local function new_name(ring)
	local n = count(ring) + 1
	while ("," .. ring):find(",k" .. n .. ":", 1, true) do
		n = n + 1
	end
	return "k" .. n
end

-- Puts a new key in front; servers that run find it in the file when they meet what it has sealed.
local function add_key(found)
	local ring, path = found.value.SECRET_KEY, found.key_file
	if count(ring) == KEYS_MOST then
		return nil, ("%s has %d keys already: take out those that nothing is sealed with"):format(path, KEYS_MOST)
	end
	local name = new_name(ring)
	local made = name .. ":" .. crypto.hex(crypto.random(32))
	local written, message = files.write(path, made .. "," .. ring .. "\n", OWNER_ONLY)
	if not written then
		return nil, ("%s: %s"):format(path, message)
	end
	found.value.SECRET_KEY = made .. "," .. ring
	files.out(("New key %s in %s\n"):format(name, path))
	return true
end

local function find(given)
	local found = settings.find(given.settings)
	settings.for_server(found)
	return found
end

-- Two rotations at once would each write a ring without the other's key, and what that has sealed would be lost. So the
-- ring is read again by whoever has the lock.
local function add_key_alone(given, path)
	local locked, message, code = files.lock(path:match "^(.*)/" or ".")
	if not locked then
		return nil, code == "busy" and "another `keys rotate` is under way" or message
	end
	local found = find(given)
	local made
	made, message = add_key(found)
	return made and found, message
end

function command.plan(given)
	if given[1] ~= "rotate" then
		files.err "partnerapp: keys: say what to do: partnerapp keys rotate\n"
		return { exit_code = 2 }
	end
	local found = find(given)
	if settings.report(found) then
		return { exit_code = 2 }
	end
	if found.key_file then
		local message
		found, message = add_key_alone(given, found.key_file)
		if not found then
			files.err("partnerapp: " .. message .. "\n")
			return { exit_code = 1 }
		end
	elseif count(found.value.SECRET_KEY) == 1 then
		files.err(IN_ENVIRONMENT:format(found.from.SECRET_KEY))
		return { exit_code = 2 }
	end
	return servers.task("keys", servers.app(found, files.library() .. "/app", false), {})
end

local DONE = [[
%d sealed anew with %s, %d already were.
The keys before it are kept, for what is still under way. When nothing needs them any more, take them out of SECRET_KEY.
]]

function command.run()
	local result, message = require("partnerapp.reseal").run()
	if not result then
		files.err("partnerapp: " .. message .. ": run this again\n")
		return 1
	end
	files.out(DONE:format(result.sealed, result.key, result.current))
	return 0
end

return command
