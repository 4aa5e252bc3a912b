// Values at random that are hard on whoever reads them in another language than JavaScript.

const TEXTS = [
	"", " ", "a", "A", "aaa", "0", "5", "-1", "1e5", "true", "null", "straße", "ΑΣ ΣΑΣ", "İstanbul", "ǆ ŉ ﬁ", "😀", "a😀b😀",
	"é\u0301", "{{a}}", "{{{b}}}", "}}", "$&", "$.a", "[1,2]", "{\"b\":1,\"a\":[null]}", " {\"0\":1.50}\n", "\"x\"", "{bad", "\n\t\"\\/\u2028",
	"\u00a0x\ufeff", "ſ\u212aı", "Ꟁ𐐀𐐨", "Order Completed", "a.b", "x\u0000y", "\u001f\u007f",
];

const NUMBERS = [
	0, -0, 1, -1, 5, 42, 1.5, -0.1, 0.1 + 0.2, 1e21, 1e-6, 1e-7, 5e-324, Number.MAX_VALUE,
	2 ** 53, -(2 ** 53), 2 ** 31, 1.7e308, 4.35, 0.000001234, 1e300, 100,
];

export const text = (random) => random.pick(TEXTS);

/** A number that JSON of ours can hold: JavaScript writes those from 2^63 to 1e21 as integers. */
export function number(random) {
	const made = random.chance(0.8) ? random.pick(NUMBERS) : (random.next() - 0.5) * 10 ** (random.below(60) - 30);
	return Math.abs(made) < 2 ** 53 || Math.abs(made) >= 1e21 ? made : 0;
}

/** A JSON value of at most that depth, with members of those names. */
export function value(random, depth, names) {
	const kind = random.next();
	if (kind < 0.2 || depth <= 0) return random.pick([text, text, number, () => random.pick([true, false, null])])(random);
	if (kind < 0.35) return text(random);
	if (kind < 0.45) return number(random);
	if (kind < 0.65) return random.many(0, 4, () => value(random, depth - 1, names));
	return Object.fromEntries(random.many(0, 5, () => [random.pick(names), value(random, depth - 1, names)]));
}
