-- How this sandbox was started: init.lua fills these in from the environment, other modules read them.
return {
	auto_consent = false, -- /oauth2/auth logs in and consents at once, with the first choice
	strict = false, -- refuses what Segment may refuse and the sandbox accepts otherwise
	token = nil, ---@type string? of programs on other machines that control the sandbox
	rate_limit = true, -- counts the requests of each token
}
