-- partnerapp manual: the man pages and the completions for bash and zsh, made from what --help is made from. The build
-- runs it (CMakeLists.txt), and `cmake --install` installs what it wrote.
local files = require "native.files"

local command = {
	summary = "Write the man pages and the completions for bash and zsh, for packages",
	usage = "FOLDER",
	arguments = { most = 1 },
	examples = [[
partnerapp manual build/share]],
}

-- All files: the path below a prefix's share/ → text.
local function contents()
	local man = require "cli.manual.man"
	local all = {
		["bash-completion/completions/partnerapp"] = require "cli.manual.bash"(),
		["zsh/site-functions/_partnerapp"] = require "cli.manual.zsh"(),
	}
	for name, text in pairs(man()) do
		all["man/man1/" .. name .. ".1"] = text
	end
	return all
end

local function write(path, text)
	local made, message = files.make_folder(path:match "^(.*)/")
	if made then
		made, message = files.write(path, text, 420)
	end
	return made, message
end

function command.plan(given)
	local folder = given[1]
	if not folder then
		files.err "partnerapp: manual: which folder? partnerapp manual build/share\n"
		return { exit_code = 2 }
	end
	for path, text in pairs(contents()) do
		local written, message = write(folder .. "/" .. path, text)
		if not written then
			files.err(("partnerapp: manual: %s\n"):format(message))
			return { exit_code = 1 }
		end
	end
	return { exit_code = 0 }
end

return command
