-- Whether the keys in SECRET_KEY are those that a database was written with (ST-04): the database holds a known string,
-- sealed with the key that was current when it was written.
local crypto = require "native.crypto"
local db = require "native.db"

local key_proof = {}

local KNOWN, CONTEXT = "partnerapp", "pa_key_proof.sealed"
local TABLE = "CREATE TABLE IF NOT EXISTS pa_key_proof (id BIGINT PRIMARY KEY, sealed BYTEA NOT NULL)"
local WRONG = "SECRET_KEY is not the key that this database was written with: set the old key, or, to begin anew, "
	.. "another DATABASE_URL. The database was not touched"

-- A sealed value begins with the length of its key's id and the id (src/store/keyring.c).
local function is_current(sealed)
	return sealed:sub(2, 1 + sealed:byte()) == crypto.keys()
end

local function read()
	return db.row "SELECT sealed FROM pa_key_proof"
end

--- Writes the proof into a new database; checks that of an old one, and seals it with the current key.
---@return true?, string? message, string? code "key", or one of native.db
function key_proof.check()
	local ok, err, code = db.exec(TABLE)
	local row
	if ok then
		row, err, code = read()
	end
	if row == false then -- of several processes that write the first proof, one does
		local sealed = db.blob(crypto.seal(KNOWN, CONTEXT))
		ok, err, code = db.exec("INSERT INTO pa_key_proof (id, sealed) VALUES (1, ?) ON CONFLICT DO NOTHING", sealed)
		if ok then
			row, err, code = read()
		end
	end
	if not ok or not row then
		return nil, err, code
	elseif crypto.unseal(row.sealed, CONTEXT) ~= KNOWN then
		return nil, WRONG, "key"
	elseif is_current(row.sealed) then
		return true
	end
	ok, err, code = db.exec("UPDATE pa_key_proof SET sealed = ? WHERE id = 1", db.blob(crypto.seal(KNOWN, CONTEXT)))
	if not ok then
		return nil, err, code
	end
	return true
end

return key_proof
