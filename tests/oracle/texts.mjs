// Texts for the formats of a field: right ones, and the same with something changed.

const digits = (random, count) => Array.from({ length: count }, () => random.below(10)).join("");
const two = (random, most) => String(random.below(most + 1)).padStart(2, "0");
const year = (random) => random.pick(["2024", "2023", "1999", "0001", "2100", digits(random, 4)]);
const day = (random) => `${year(random)}-${two(random, 13)}-${two(random, 32)}`;
const clock = (random) => random.pick([`${two(random, 24)}:${two(random, 60)}:${two(random, 60)}`, "23:59:60", "24:00:00", "10:20:30"]);
const fraction = (random) => random.chance(0.3) ? `.${digits(random, random.below(10))}` : "";
const zone = (random) => random.pick(["Z", "z", "", "+01:00", "-0530", "+23:59", "+24:00", "-00:60", "+01"]);

const group = (random) => random.pick(["0", "1", "ab", "FFFF", "1f2e", "12345", "g", ""]);
const octet = (random) => random.pick(["0", "1", "10", "255", "256", "01", "001", "1a", ""]);
const ipv4 = (random) => Array.from({ length: random.pick([4, 4, 4, 4, 3, 5]) }, () => random.chance(0.9) ? random.below(256) : octet(random)).join(".");
const groups = (random, most) => random.many(0, most, () => random.chance(0.95) ? random.below(65536).toString(16) : group(random)).join(":");
const ipv6 = (random) => random.pick([
	() => Array.from({ length: random.pick([8, 8, 7, 9]) }, () => random.below(65536).toString(16)).join(":"),
	() => `${groups(random, 5)}::${groups(random, 4)}`,
	() => `${groups(random, 4)}::${groups(random, 2)}${random.chance(0.5) ? ":" : ""}${ipv4(random)}`,
	() => `${groups(random, 7)}:${ipv4(random)}`,
	() => "::", () => "::1", () => "1::", () => ":1", () => "::ffff:1.2.3.4",
])();
const label = (random) => random.pick(["example", "a", "a-b", "-a", "a-", "A1", "x".repeat(63), "x".repeat(64), "é", "1", ""]);
const host = (random) => random.many(1, random.pick([3, 3, 3, 5]), () => random.chance(0.8) ? random.pick(["example", "www", "com", "a-b"]) : label(random)).join(".") + random.pick(["", "", "."]);
const character = (random) => random.pick(["a", "Z", "9", "-", ".", "_", "~", "%41", "%zz", "%", "!", "$", "'", "(", "*", "+", ",", ";", "=", ":", "@", "/", "?", "#", "\"", "[", "]", "é", " ", "\\", "{", "^"]);
const path = (random) => random.many(0, 6, () => random.chance(0.8) ? random.pick(["a", "bc", "/", "/d", "%20", ":", "@"]) : character(random)).join("");
const authority = (random) => random.pick(["", "u@", "u:p@", "%41@", "a@b@"]) + random.pick([
	() => host(random), () => ipv4(random), () => `[${ipv6(random)}]`, () => "[v1.a:b]", () => "[v.x]", () => "[V9f.~]", () => "", () => "[", () => "[::1",
])() + random.pick(["", "", ":80", ":", ":a", "80"]);
const scheme = (random) => random.pick(["http:", "HTTPS:", "a+b-c.1:", "mailto:", "1a:", ":", "", "é:", "urn:"]);
const uri = (random) => scheme(random) + random.pick(["//", "//", "/", "", "///"])
	+ (random.chance(0.6) ? authority(random) : "") + (random.chance(0.6) ? "/" : "") + path(random)
	+ (random.chance(0.3) ? `?${path(random)}` : "") + (random.chance(0.3) ? `#${path(random)}` : "");
const variable = (random) => random.pick(["a", "b_1", "%41x", "a:3", "a:0", "a:12345", "a*", "*", "", "a-b", "é", "a*:1", "%4"]);
const template = (random) => random.many(0, 4, () => random.chance(0.5)
	? `{${random.pick(["", "", "+", "#", "?", "&", ".", "/", ";", "=", "|", "@", "!", "-", ","])}${random.many(1, 3, () => variable(random)).join(",")}}`
	: path(random)).join("");
const atom = (random) => random.pick(["a", "jane", "j.d", "a+b", "!#$%&'*+/=?^_`{|}~-", "é", "", "a..b", "\"q\"", "A"]);
const hex = (random, count) => Array.from({ length: count }, () => "0123456789abcdefABCDEF"[random.below(22)]).join("");

const MAKE = {
	date: day,
	time: (random) => clock(random) + fraction(random) + random.pick([zone(random), "+99:99", "+0100", "+1"]),
	"date-time": (random) => day(random) + random.pick(["T", "t", " ", "\t", "\u00a0", "\u2003", "", "TT", "_"]) + clock(random) + fraction(random) + zone(random),
	uri,
	"uri-reference": uri,
	"uri-template": template,
	email: (random) => atom(random) + random.pick(["@", "@", "@", "", "@@"]) + host(random),
	hostname: (random) => random.chance(0.1) ? Array.from({ length: 1 + random.below(3) + 3 }, () => "x".repeat(random.pick([61, 62, 63]))).join(".") : host(random),
	ipv4,
	ipv6,
	uuid: (random) => random.pick(["", "", "urn:uuid:", "URN:UUID:", "uuid:"]) + [8, 4, 4, 4, 12].map((count) => hex(random, random.chance(0.95) ? count : count - 1)).join("-"),
	password: () => "a b",
	text: () => "a b",
};

/** A text for a format of a field, right or nearly so. */
export function formatText(random, format) {
	const text = MAKE[format](random);
	if (random.chance(0.9)) return text;
	const characters = [...text];
	characters.splice(random.below(characters.length + 1), random.below(2), random.pick(["", " ", "x", "0", ".", ":", "-", "\n", "é"]));
	return characters.join("");
}

const month = (random) => random.pick(["Jan", "feb", "MAR", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Foo"]);
const isoZone = (random) => random.pick(["Z", "z", "", "+01:00", "-0530", "+23:59", "+24:00", "-00:60"]);
const isoClock = (random) => `${two(random, 25)}:${two(random, 61)}${random.chance(0.7) ? `:${two(random, 59)}${random.chance(0.4) ? `.${digits(random, 1 + random.below(9))}` : ""}` : ""}`;

/** A text for a datetime: ISO 8601, RFC 2822, a Unix time, or no date at all to anybody. */
export function dateText(random) {
	return random.pick([
		() => day(random),
		() => `${day(random)}${random.pick(["T", "t"])}${isoClock(random)}${isoZone(random)}`,
		() => `2024-${1 + random.below(9)}-1${random.below(9)} 1${random.below(9)}:00:0${random.below(9)}${random.pick(["", "Z", "+01:00", " -0500"])}`
			.replace(/-(\d)-/, "-0$1-"),
		() => `${random.pick(["+00", "-00", "+01"])}${day(random)}T${isoClock(random)}${isoZone(random)}`,
		() => `${year(random)}${random.pick(["-", "/", ""])}${two(random, 99)}${random.pick(["-", "/", ""])}${two(random, 99)}${random.pick(["", " ", "T", "\u00a0 t"])}${random.pick(["", "9", "99", "9:9", "99:99", "99:99:99", "999999", "99:99:99:123456789"])}`,
		() => `${random.pick(["Tue, ", "Tue,", "xyz, ", ""])}${1 + random.below(31)} ${month(random)} ${year(random)} ${two(random, 23)}:${two(random, 59)}${random.chance(0.7) ? `:${two(random, 59)}` : ""} ${random.pick(["GMT", "+0000", "-0800", "EST", "UT", "Z", "PDT"])}${random.pick(["", " (UTC)"])}`,
		() => String(random.pick([0, 5, -5, 0.5, 1700000000, 1700000000000, 8640000000000, 8640000000001, -8640000000000, 1e21, 20240102])),
		() => random.pick(["", "hello", "no date", "null", "true", "NaN", "Infinity", "é", "-", "T"]),
	])();
}
