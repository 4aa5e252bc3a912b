/* Estimates the worst case of a Lua pattern from its form and the length of its subject. */
#include "script/pattern.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
	COST_BITS = 32,
	EXACT_MAX = 512, /* bytes of a pattern: the exact estimate takes time in the square of them */
	SHORT_MAX = 64,  /* bytes of a pattern that is walked in one step; a longer one takes a step for each byte */
};
static const double COST_MAX = 4294967296.0; /* 2^COST_BITS steps: some seconds */

/* One item of a pattern: a single-character class and its repetition. */
struct item {
	const char *class, *class_end;
	char repeat; /* '*', '+', '-', '?', or 0; 'b' for %b, 'f' for a frontier, which has no width */
};

/* The end of the single-character class that begins at `at`. */
static const char *skip_class(const char *at, const char *end)
{
	if (*at == '%')
		return at + 2 < end ? at + 2 : end;
	if (*at != '[')
		return at + 1;
	at++;
	if (at < end && *at == '^')
		at++;
	do { /* a ']' directly after the bracket is a literal one */
		if (at == end)
			return end;
		if (*at++ == '%' && at < end)
			at++;
	} while (at < end && *at != ']');
	return at < end ? at + 1 : end;
}

static bool is_repetition(char byte)
{
	return byte == '*' || byte == '+' || byte == '-' || byte == '?';
}

static bool is_back_reference(const struct item *item)
{
	return *item->class == '%' && item->class + 1 < item->class_end && isdigit((unsigned char)item->class[1]);
}

/* Reads the next item, without parentheses, which match nothing. False at the end. */
static bool next_item(const char **at, const char *end, struct item *item)
{
	while (*at < end && (**at == '(' || **at == ')'))
		(*at)++;
	if (*at == end)
		return false;
	item->class = *at;
	item->repeat = 0;
	if (**at == '%' && *at + 1 < end && (*at)[1] == 'b') { /* %bxy searches its other half from every start */
		item->repeat = 'b';
		*at = *at + 4 < end ? *at + 4 : end;
		item->class_end = *at;
		return true;
	}
	if (**at == '%' && *at + 1 < end && (*at)[1] == 'f') {
		item->repeat = 'f';
		*at += 2;
		*at = *at < end ? skip_class(*at, end) : end;
		item->class_end = *at;
		return true;
	}
	*at = skip_class(*at, end);
	item->class_end = *at;
	if (*at < end && is_repetition(**at) && !is_back_reference(item)) /* "%1*" is %1 and a star */
		item->repeat = *(*at)++;
	return true;
}

static bool in_named_class(int byte, char name)
{
	bool in;

	switch (name | 0x20) {
	case 'a':
		in = isalpha(byte);
		break;
	case 'c':
		in = iscntrl(byte);
		break;
	case 'd':
		in = isdigit(byte);
		break;
	case 'g':
		in = isgraph(byte);
		break;
	case 'l':
		in = islower(byte);
		break;
	case 'p':
		in = ispunct(byte);
		break;
	case 's':
		in = isspace(byte);
		break;
	case 'u':
		in = isupper(byte);
		break;
	case 'w':
		in = isalnum(byte);
		break;
	case 'x':
		in = isxdigit(byte);
		break;
	case 'z': /* deprecated, but Lua 5.4 has it */
		in = byte == '\0';
		break;
	default:
		return byte == (unsigned char)name;
	}
	return isupper((unsigned char)name) ? !in : in;
}

static bool in_set(int byte, const char *at, const char *end)
{
	bool negated = at + 1 < end && at[1] == '^';

	for (at += 1 + negated; at < end - 1; at++) {
		if (*at == '%' && at + 1 < end - 1) {
			if (in_named_class(byte, *++at))
				return !negated;
		} else if (at + 2 < end - 1 && at[1] == '-') {
			if ((unsigned char)at[0] <= byte && byte <= (unsigned char)at[2])
				return !negated;
			at += 2;
		} else if ((unsigned char)*at == byte) {
			return !negated;
		}
	}
	return negated;
}

static bool in_class(int byte, const struct item *item)
{
	if (*item->class == '.')
		return true;
	if (is_back_reference(item))
		return true; /* what was captured may be anything */
	if (*item->class == '%')
		return item->class + 1 < item->class_end && in_named_class(byte, item->class[1]);
	if (*item->class == '[')
		return in_set(byte, item->class, item->class_end);
	return (unsigned char)*item->class == byte;
}

/* The one byte that an item matches, or -1. */
static int single_byte(const struct item *item)
{
	const char *at = item->class;

	if (*at == '%' && at + 1 < item->class_end && !isalnum((unsigned char)at[1]))
		return (unsigned char)at[1];
	return *at == '%' || *at == '[' || *at == '.' ? -1 : (unsigned char)*at;
}

/* Most items match one byte: then no others have to be compared. */
static bool may_overlap(const struct item *a, const struct item *b)
{
	if (a->repeat == 'b' || b->repeat == 'b')
		return true;
	int one = single_byte(a), other = single_byte(b);
	if (one >= 0)
		return in_class(one, b);
	if (other >= 0)
		return in_class(other, a);
	for (int byte = 0; byte < 256; byte++)
		if (in_class(byte, a) && in_class(byte, b))
			return true;
	return false;
}

/* Whether a repetition can end at one position only: a byte that must follow it cannot be part of it. */
static bool ends_surely(const struct item *item, const char *at, const char *end)
{
	struct item next;

	while (next_item(&at, end, &next)) {
		if (next.repeat == 'f' || may_overlap(item, &next))
			return false;
		if (next.repeat == 0 || next.repeat == '+')
			return true;
	}
	return false;
}

/* Whether a match from another start cannot repeat over the same bytes: a single byte before the repetition, with no
 * other repetition between them, cannot be part of it. */
static bool begins_surely(const struct item *item, const char *at)
{
	struct item before;
	bool surely = false;

	while (next_item(&at, item->class, &before))
		if (before.repeat == 0)
			surely |= !may_overlap(item, &before);
		else if (before.repeat != 'f')
			surely = false;
	return surely;
}

/* Where the capture of that number begins, from 1; `end` when there is none. */
static const char *find_capture(const char *at, const char *end, int number)
{
	while (at < end)
		if (*at != '(')
			at = skip_class(at, end);
		else if (++at, --number == 0)
			return at;
	return end;
}

/* Whether %1 compares with a capture that may be as long as the subject: one with a repetition, %b or a reference. */
static bool is_long_reference(const struct item *reference, const char *begin)
{
	const char *at = find_capture(begin, reference->class, reference->class[1] - '0');
	const char *inside = at;
	struct item item;

	for (int depth = 1; at < reference->class && depth > 0;)
		if (*at == '(' || *at == ')')
			depth += *at++ == '(' ? 1 : -1;
		else
			at = skip_class(at, reference->class);
	while (next_item(&inside, at, &item))
		if ((item.repeat != 0 && item.repeat != '?' && item.repeat != 'f') || is_back_reference(&item))
			return true;
	return false;
}

/* In how many ways a pattern may match. */
struct ways {
	int repeats, options; /* items with several possible ends: repetitions, and '?' */
	int references;       /* back references to captures that may be long: each compares up to the whole subject */
	bool walks;           /* a repetition with one end is repeated from every start */
};

/* The last item that may fail to match: repetitions after it never have to be tried again. */
static const char *last_to_fail(const char *begin, const char *end)
{
	const char *at = begin, *last = begin;
	struct item item;

	while (next_item(&at, end, &item))
		if (item.repeat == 0 || item.repeat == '+' || item.repeat == 'b' || item.repeat == 'f')
			last = item.class;
	return last;
}

/* `exact` compares each item with its neighbours. */
static struct ways count_ways(const char *begin, const char *end, bool exact)
{
	struct ways ways = {0};
	const char *at = begin, *last = last_to_fail(begin, end);
	struct item item;

	while (next_item(&at, end, &item)) {
		ways.references += is_back_reference(&item) && (!exact || is_long_reference(&item, begin));
		if (item.repeat == 0 || item.repeat == 'f' || (item.class >= last && item.repeat != 'b'))
			continue;
		if (exact && item.repeat != 'b' && ends_surely(&item, at, end))
			ways.walks |= item.repeat != '?' && !begins_surely(&item, begin);
		else if (item.repeat == '?')
			ways.options++;
		else
			ways.repeats++;
	}
	return ways;
}

/* A set is looked through for each byte of the subject, and a literal is compared from each. */
static size_t walk_length(size_t pattern_length)
{
	return pattern_length > SHORT_MAX ? pattern_length : 1;
}

static double worst(const char *pattern, const char *end, size_t subject_length, bool anchors, bool exact)
{
	bool anchored = anchors && pattern < end && *pattern == '^';
	struct ways ways = count_ways(pattern + anchored, end, exact);
	int power = ways.repeats + ways.references + ways.walks + !anchored;

	return pow((double)subject_length + 1, power) * pow(2, ways.options) * (double)walk_length((size_t)(end - pattern));
}

static int bits_of(size_t number)
{
	int bits = 1;

	while (number >> bits > 0)
		bits++;
	return bits;
}

/* A fast first test: counts each byte that may be a repetition or a back reference. The cost is never more than
 * 2^(bits * repeats) times the pattern's length. Most patterns pass it, and it is an eighth of the work. */
static bool is_plainly_cheap(const char *pattern, size_t pattern_length, size_t subject_length)
{
	int bits = bits_of(subject_length), repeats = 1;

	for (size_t i = 0; i < pattern_length; i++) {
		char byte = pattern[i];
		repeats += is_repetition(byte) || byte == 'b' || (byte >= '0' && byte <= '9' && i > 0 && pattern[i - 1] == '%');
	}
	return bits * repeats + bits_of(walk_length(pattern_length)) <= COST_BITS;
}

double pa_pattern_cost(const char *pattern, size_t pattern_length, size_t subject_length, bool anchors)
{
	double cost = worst(pattern, pattern + pattern_length, subject_length, anchors, false);

	/* Most patterns are cheap already in the rough estimate; the exact one is for the others. */
	if (cost <= COST_MAX || pattern_length > EXACT_MAX)
		return cost;
	return worst(pattern, pattern + pattern_length, subject_length, anchors, true);
}

bool pa_pattern_is_costly(const char *pattern, size_t pattern_length, size_t subject_length, bool anchors)
{
	return !is_plainly_cheap(pattern, pattern_length, subject_length) &&
		   pa_pattern_cost(pattern, pattern_length, subject_length, anchors) > COST_MAX;
}
