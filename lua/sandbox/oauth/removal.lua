-- Removal of an install, with the button of the home page. At Segment an owner does it in the workspace's settings. A
-- form of another page of this machine is refused, because the library checks where a form comes from.
local install_tokens = require "oauth.install_tokens"
local reply = require "partnerapp.reply"

return function(app)
	app:post("/installs/:n/remove", function(req)
		local n = math.tointeger(tonumber(req.params.n))
		if n then
			install_tokens.remove(n)
		end
		return reply.redirect "/"
	end)
end
