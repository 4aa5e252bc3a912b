-- Calls a function of a test from the app's code: messages of the library name the app's nearest line.
return function(fn, ...)
	local results = table.pack(fn(...))
	return table.unpack(results, 1, results.n)
end
