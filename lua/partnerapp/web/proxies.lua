-- Finds the client's address behind trusted proxies (HT-26). TRUSTED_PROXIES lists addresses and networks ("10.0.0.0/8,
-- ::1"); X-Forwarded-For is read only when the peer is one of them, from its end to its beginning, over all its lines:
-- the first address that is not a trusted proxy is the client. An entry may be quoted and carry a port. At an entry
-- that is not an address the search ends, and the client is the last address that a trusted proxy has named.
local address = require "partnerapp.web.address"
local config = require "partnerapp.config"
local log = require "partnerapp.log"
local networks = require "partnerapp.web.networks"
local settings = require "partnerapp.store.settings"

local proxies = {}

-- The address of one entry of the header, without quotes, brackets and port; nil when the entry is not an address.
local function address_of(entry)
	local text = entry:match("^%s*(.*)$"):gsub("%s+$", "")
	text = text:match('^"([^"]*)"$') or text
	text = text:match("^%[([%x:.]+)%]:?%d*$") or text:match("^([%d.]+):%d+$") or text
	return address.bytes(text) and text:lower() or nil
end

--- The client's address.
---@param peer string
---@param forwarded string? X-Forwarded-For
---@param list table? the trusted networks; those of the settings unless given
---@return string
function proxies.client(peer, forwarded, list)
	list = list or proxies.trusted()
	if not forwarded or not list[1] or #forwarded > 4096 or not networks.has(list, peer) then
		return peer
	end
	local entries = {}
	for entry in forwarded:gmatch("[^,]+") do
		entries[#entries + 1] = entry
	end
	local client = peer
	for i = #entries, 1, -1 do
		local before = address_of(entries[i])
		if not before then
			return client
		end
		client = before
		if not networks.has(list, before) then
			return client
		end
	end
	return client
end

local trusted, trusted_text

--- The networks of TRUSTED_PROXIES; none when the setting cannot be read.
---@return table
function proxies.trusted()
	local text = config.trusted_proxies
	if text ~= trusted_text then
		trusted, trusted_text = networks.parse(text) or {}, text
	end
	return trusted
end

--- Whether an address is that of a trusted proxy.
---@param text string
---@return boolean
function proxies.is_trusted(text)
	local list = proxies.trusted()
	return list[1] ~= nil and networks.has(list, text)
end

local WARNED = "proxies.warned"

--- Warns when a peer forwards requests of others and is not in TRUSTED_PROXIES: all its visitors then count as one
--- address, or, on this machine, as one without limits (HT-27). All VMs of a server warn once together.
---@param req partnerapp.request
function proxies.warn(req)
	local name = req.raw.forwarding
	if not name then
		return
	end
	local shared = require "native.shared"
	local peer = req.raw.ip
	if proxies.is_trusted(peer) or shared.get(WARNED) or not settings.read().TRUSTED_PROXIES then
		return -- the sandbox has no such setting
	end
	shared.put(WARNED, peer)
	log.warn(
		"a peer forwards requests but is not in TRUSTED_PROXIES: its address counts as that of all its visitors",
		{ peer = peer, header = name, setting = "TRUSTED_PROXIES" }
	)
end

--- The network that limits are counted for: all of an IPv4 address, the first 64 bits of an IPv6 address.
---@param text string
---@return string bytes; the string itself when it is not an address
function proxies.network(text)
	local bytes = address.bytes(text)
	return bytes and bytes:sub(1, 8) or text
end

return proxies
