---@meta native.crypto
-- Random bytes, digests, encodings, sealing and passwords, over OpenSSL (src/native/crypto.c).

---@class native.crypto
local crypto = {}

--- Random bytes of OpenSSL's generator. Raises when `count` is not 1 to 65536.
---@param count integer
---@return string
function crypto.random(count) end

--- `crypto.base64url(crypto.random(count))` in one call, for a state, a verifier or an id.
---@param count integer bytes of randomness
---@return string
function crypto.token(count) end

--- A raw digest.
---@param name "sha256"|"sha1"
---@param data string
---@return string
function crypto.digest(name, data) end

--- A raw HMAC.
---@param name "sha256"|"sha1"
---@param key string
---@param data string
---@return string
function crypto.hmac(name, key, data) end

--- Whether two strings are equal. The time it takes depends on their lengths only.
---@param a string
---@param b string
---@return boolean
function crypto.equal(a, b) end

---@param data string
---@return string lower case
function crypto.hex(data) end

---@param data string
---@return string with padding
function crypto.base64(data) end

---@param data string strict RFC 4648 with padding
---@return string?, string?, string? decoded, or nil, message, "bad_encoding"
function crypto.unbase64(data) end

---@param data string
---@return string without padding
function crypto.base64url(data) end

---@param data string strict, without padding
---@return string?, string?, string? decoded, or nil, message, "bad_encoding"
function crypto.unbase64url(data) end

--- Seals with the server's current key: AES-256-GCM, a random nonce, `context` and the key's id as associated data
--- (ST-01).
---@param plain string
---@param context string what the value is and where it is stored: "installs.access_token:ID"
---@return string binary: key id length, key id, nonce, ciphertext, tag
function crypto.seal(plain, context) end

---@param sealed string
---@param context string the one it was sealed with
---@return string?, string?, string? plain, or nil, message, "unknown_key" | "damaged"
function crypto.unseal(sealed, context) end

--- seal and unseal with base64url strings, for cookies.
---@param plain string
---@param context string
---@return string
function crypto.seal_text(plain, context) end

---@param text string
---@param context string
---@return string?, string?, string? plain, or nil, message, "unknown_key" | "damaged"
function crypto.unseal_text(text, context) end

--- The id of the key that seals, and the ids of all keys that can unseal.
---@return string current, string[] all
function crypto.keys() end

--- scrypt (N 2^15, r 8, p 1), for passwords.
---@param password string
---@return string "scrypt$…"
function crypto.password(password) end

---@param password string
---@param hash string
---@return boolean
function crypto.password_matches(password, hash) end

--- Counts the certificates in a text as PEM.
---@param pem string
---@return integer? count, string? message, string? code "bad_certificate": there is none, or one cannot be read
function crypto.certificates(pem) end

return crypto
