-- SECRET_KEY is a ring of keys, "k2:DIGITS,k1:DIGITS": the first one seals, all of them open. A ring that is in a file
-- can be made and grown here; servers that run read the file again when they meet a key they do not know.
local checks = require "cli.settings.checks"
local crypto = require "native.crypto"
local files = require "native.files"
local private_file = require "cli.private_file"
local state = require "cli.state"

local secret_key = {}

local KEYS_MOST = 16
local OWNER_ONLY = tonumber("600", 8)

local function digits()
	return crypto.hex(crypto.random(32))
end

--- A ring of one new key.
---@return string ring
function secret_key.new()
	return "k1:" .. digits()
end

---@param ring string
---@return integer keys
function secret_key.count(ring)
	return select(2, ring:gsub("[^,]+", ""))
end

--- A ring with other keys under the same names, which follow from the given ones.
---@param ring string
---@return string ring
function secret_key.derived(ring)
	return (
		ring:gsub("(([^,:]+):%x+)", function(entry, name)
			return name .. ":" .. crypto.hex(crypto.hmac("sha256", entry, "sandbox"))
		end)
	)
end

-- The content of a new key file. When another process made the file first, the key is the other process's: with two
-- keys, each process would seal what the other cannot open.
local function make_file(path)
	local made = digits() .. "\n"
	local done, message, code = state.make(path:match "^(.*)/")
	if done then
		done, message, code = files.write(path, made, OWNER_ONLY, true)
	end
	if done then
		return made
	elseif code == "exists" then
		return files.read(path)
	end
	return nil, message
end

--- Takes the ring from the file in the state folder, which is made at the first start in development (ST-02).
---@param found cli.found with `development`; gets the value and `key_file`, or a problem
function secret_key.take(found)
	local path = found.location.state .. "/secret.key"
	found.key_file = path
	local stored, message, code = files.read(path)
	if not stored and code == "not_found" and found.development then
		stored, message = make_file(path)
	elseif not stored and code ~= "not_found" then
		message = "SECRET_KEY: " .. message
	elseif not stored then
		message = ("SECRET_KEY: set it, or put it into %s (openssl rand -hex 32)"):format(path)
	end
	if stored then
		private_file.check(path, found.warnings, files)
		found.value.SECRET_KEY, message = checks.secret_key((stored:gsub("%s+$", "")))
		message = message and ("%s: %s"):format(path, message)
	end
	found.from.SECRET_KEY = path
	found.problems[#found.problems + 1] = message
end

--- Locks the folder of a key file until this process ends, for `add`: of two processes that add a key at once, each
--- would write a ring without the other's key, and everything sealed with that key would be lost.
---@param path string
---@return true?, string? message, string? code "busy" when another process has the lock
function secret_key.lock(path)
	return files.lock(path:match "^(.*)/" or ".")
end

-- A name that no key of the ring has.
local function free_name(ring)
	local n = secret_key.count(ring) + 1
	while ("," .. ring):find(",k" .. n .. ":", 1, true) do
		n = n + 1
	end
	return "k" .. n
end

--- Puts a new key in front of the ring in a file. The file must be locked, and the ring read after that.
---@param path string
---@param ring string what the file has
---@return string? ring, string? name_or_message the new key's name
function secret_key.add(path, ring)
	if secret_key.count(ring) == KEYS_MOST then
		return nil, ("%s has %d keys already: take out those that nothing is sealed with"):format(path, KEYS_MOST)
	end
	local name = free_name(ring)
	local grown = ("%s:%s,%s"):format(name, digits(), ring)
	local written, message = files.write(path, grown .. "\n", OWNER_ONLY)
	if not written then
		return nil, ("%s: %s"):format(path, message)
	end
	return grown, name
end

return secret_key
