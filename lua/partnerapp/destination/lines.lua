--- The lines of a text, without their ends.
---@param text string
---@return string[]
return function(text)
	local lines = {}
	for line in (text .. "\n"):gmatch "([^\n]*)\n" do
		lines[#lines + 1] = line
	end
	return lines
end
