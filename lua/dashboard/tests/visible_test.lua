-- Text of others on pages: what hides or turns around is shown.
local testing = require "partnerapp.testing"
local visible = require "partnerapp_dashboard.visible"

testing.case("characters that hide or turn around text are written as their numbers", function(t)
	t.equal(visible "user\u{202E}gpj.exe", "user⟨U+202E⟩gpj.exe")
	t.equal(visible "a\u{200B}b\u{FEFF}c\u{2066}d", "a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+2066⟩d")
	t.equal(
		visible "\u{61C}\u{AD}\u{9B}31m\u{2028}\u{E0041}",
		"⟨U+061C⟩⟨U+00AD⟩⟨U+009B⟩31m⟨U+2028⟩⟨U+E0041⟩"
	)
	t.equal(visible "\27[31mred\0\127", "⟨U+001B⟩[31mred⟨U+0000⟩⟨U+007F⟩")
end)

testing.case("other text stays as it is", function(t)
	for _, text in ipairs { "", "a\tb\nc\r\n", "Grüße, 世界 🔥", "—…" } do
		t.equal(visible(text), text)
	end
end)

testing.case("bytes that are not UTF-8 are counted, and a long text is cut between characters", function(t)
	t.equal(visible "\xff\xfe", "2 bytes that are not UTF-8 text")
	local text, whole = visible(("ü"):rep(40000))
	t.equal(whole, false)
	t.equal(#text <= 64 << 10, true)
	t.equal(utf8.len(text) ~= nil, true)
end)
