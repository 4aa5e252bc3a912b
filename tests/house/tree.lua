-- A tree of files as the rules of the house see it: { paths, read(path) }. The repository's, or a small one made of a
-- table, on which a rule is shown to fail.
local tree = {}

local function lines_of(command)
	local list = {}
	local pipe <close> = assert(io.popen(command))
	for line in pipe:lines() do
		list[#list + 1] = line
	end
	return list
end

--- The files that git knows or would add, in the current folder.
function tree.repository()
	local paths, cache = lines_of "git ls-files --cached --others --exclude-standard", {}
	local found = { paths = {} }
	for _, path in ipairs(paths) do
		local file = io.open(path)
		if file then -- a file that was moved may still be in git's list
			cache[path] = file:read "a"
			file:close()
			found.paths[#found.paths + 1] = path
		end
	end
	function found.read(path)
		return cache[path]
	end
	return found
end

--- A tree of these files: path → text.
function tree.of(files)
	local made = { paths = {} }
	for path in pairs(files) do
		made.paths[#made.paths + 1] = path
	end
	table.sort(made.paths)
	function made.read(path)
		return files[path]
	end
	return made
end

--- The paths that a pattern finds, with their texts.
function tree.each(from, pattern)
	local i = 0
	return function()
		repeat
			i = i + 1
		until not from.paths[i] or from.paths[i]:find(pattern)
		return from.paths[i], from.paths[i] and from.read(from.paths[i])
	end
end

--- A circle in a graph { name = { name, … } } as "a -> b -> a", or nil.
function tree.circle(graph)
	local state, path = {}, {}
	local function visit(name)
		state[name] = "open"
		path[#path + 1] = name
		for _, next_name in ipairs(graph[name] or {}) do
			if state[next_name] == "open" then
				return table.concat(path, " -> ") .. " -> " .. next_name
			elseif not state[next_name] then
				local found = visit(next_name)
				if found then
					return found
				end
			end
		end
		path[#path] = nil
		state[name] = "done"
	end
	local names = {}
	for name in pairs(graph) do
		names[#names + 1] = name
	end
	table.sort(names)
	for _, name in ipairs(names) do
		local found = not state[name] and visit(name)
		if found then
			return found
		end
	end
end

return tree
