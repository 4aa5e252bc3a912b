-- OA-21: where a visitor may be sent back to. The evil addresses follow oauth2-proxy's list of what once got through.
local partnerapp = require "partnerapp"
local testing = require "partnerapp.testing"

local EVIL = {
	"",
	"evil.com",
	"http://evil.com",
	"https://evil.com/",
	"//evil.com",
	"///evil.com",
	"////evil.com//..",
	"/\\evil.com",
	"\\/evil.com",
	"\\\\evil.com",
	"/\\/evil.com",
	"/\\\\evil.com",
	"//\\evil.com",
	"/ /evil.com",
	"/\t/evil.com",
	"/\n/evil.com",
	"/\r/evil.com",
	"/\v/evil.com",
	"/\f/evil.com",
	"/\0/evil.com",
	"\t/evil.com",
	" /evil.com",
	"\n//evil.com",
	"/%09/evil.com",
	"/%0a/evil.com",
	"/%0d/evil.com",
	"/%0d%0a/evil.com",
	"/%00/evil.com",
	"/%5cevil.com",
	"/%5Cevil.com",
	"/%5c%5cevil.com",
	"/%2f/evil.com",
	"/%2Fevil.com",
	"/%2f%2fevil.com",
	"/%2f%5cevil.com",
	"/%252fevil.com",
	"/%255cevil.com",
	"/%u005cevil.com",
	"/%zz",
	"/%",
	"/%2",
	"/a//evil.com",
	"/a/%2fevil.com",
	"/./\\evil.com",
	"/.//evil.com",
	"/..//evil.com",
	"/../evil.com",
	"/%2e%2e/evil.com",
	"/%2e/evil.com",
	"/a/../..//evil.com",
	"/a/..",
	"javascript:alert(1)",
	"JaVaScRiPt:alert(1)",
	"data:text/html,x",
	"file:///etc/passwd",
	"http:evil.com",
	"http:/evil.com",
	"https:///evil.com",
	"http:\\\\evil.com",
	"ftp://evil.com",
	"?next=/",
	"#top",
	"evil.com/path",
	"@evil.com",
	".evil.com",
	":80",
	"http://localhost:8888/",
	"http://localhost:9999/",
	"http://localhost:8888@evil.com/",
	"/\u{2028}/evil.com",
	"/é",
	"/\u{ff0f}evil.com",
	"/\x7f/evil.com",
	"/" .. ("a"):rep(2048),
}

local GOOD = {
	"/",
	"/a",
	"/a/b.html",
	"/a?next=//evil.com",
	"/a#//evil.com",
	"/installs/abc_-~",
	"/a?b=c&d=%2F%2Fevil.com",
	"/a%20b",
	"/a:80",
	"/a@b",
	"/...",
	"/a/",
	"/%E2%82%AC",
}

for _, address in ipairs(EVIL) do
	testing.case(("OA-21 %q is no way back"):format(address:sub(1, 60)):gsub("\n", "n"), function(t)
		t.equal(partnerapp.local_path(address), nil)
	end)
end

for _, address in ipairs(GOOD) do
	testing.case("OA-21 " .. address .. " is a path of ours", function(t)
		t.equal(partnerapp.local_path(address), address)
	end)
end

testing.case("OA-21 a value that is not a string is refused", function(t)
	for _, value in ipairs({ false, 1, {}, print }) do
		t.equal(partnerapp.local_path(value), nil)
	end
	t.equal(partnerapp.local_path(nil), nil)
end)
