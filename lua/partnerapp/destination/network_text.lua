-- Strings that name hosts: addresses, host names, e-mail addresses.
local network_text = {}

-- "a.b.c.d"; leading zeros count as ajv-formats has them: in "ipv4" up to three digits, in "ipv6" none.
local function is_ipv4(text, strict)
	local count = 0
	for number in (text .. "."):gmatch "([^.]*)%." do
		count = count + 1
		if not number:find "^%d%d?%d?$" or tonumber(number) > 255 or strict and number:find "^0%d" then
			return false
		end
	end
	return count == 4
end

--- Whether it is an IPv4 address; leading zeros are allowed.
---@param text string
---@return boolean
function network_text.is_ipv4(text)
	return is_ipv4(text, false)
end

-- The number of 16-bit groups, or nil. The last part may be an IPv4 address, which counts as two.
local function count_groups(text, may_end_in_ipv4, strict)
	if text == "" then
		return 0
	end
	local count, parts = 0, {}
	for part in (text .. ":"):gmatch "([^:]*):" do
		parts[#parts + 1] = part
	end
	for i, part in ipairs(parts) do
		if part:find "^%x%x?%x?%x?$" then
			count = count + 1
		elseif i == #parts and may_end_in_ipv4 and is_ipv4(part, strict) then
			count = count + 2
		else
			return nil
		end
	end
	return count
end

--- Whether it is an IPv6 address, without brackets and zone.
---@param text string
---@param lenient boolean? leading zeros are allowed in an IPv4 address at its end
---@return boolean
function network_text.is_ipv6(text, lenient)
	local at = text:find("::", 1, true)
	if not at then
		return count_groups(text, true, not lenient) == 8
	end
	local left = count_groups(text:sub(1, at - 1), false)
	local right = count_groups(text:sub(at + 2), true, not lenient)
	return left ~= nil and right ~= nil and left + right <= 7
end

local function is_label(text)
	return text:find "^%w$" or text:find "^%w[%w-]*%w$"
end

--- Whether it is a host name: labels of at most 63 letters, digits and hyphens, at most 253 in all.
---@param text string
---@return boolean
function network_text.is_hostname(text)
	local name = text:gsub("%.$", "")
	if name == "" or #name > 253 then
		return false
	end
	for label in (name .. "."):gmatch "([^.]*)%." do
		if #label > 63 or not is_label(label) then
			return false
		end
	end
	return true
end

--- Whether it is an e-mail address whose host has a dot.
---@param text string
---@return boolean
function network_text.is_email(text)
	local who, host = text:match "^([^@]+)@([^@]+)$"
	if not who or not host:find(".", 1, true) then
		return false
	end
	for atom in (who .. "."):gmatch "([^.]*)%." do
		if not atom:find "^[%w!#$%%&'*+/=?^_`{|}~-]+$" then
			return false
		end
	end
	for label in (host .. "."):gmatch "([^.]*)%." do
		if not is_label(label) then
			return false
		end
	end
	return true
end

return network_text
