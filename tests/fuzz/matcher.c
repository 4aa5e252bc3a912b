/* A matcher by recursion. Subject and pattern end with a NUL byte, as strings of Lua do. */
#include "fuzz/matcher.h"

#include <ctype.h>
#include <setjmp.h>
#include <stddef.h>

enum { CAPTURES_MAX = 32, DEPTH_MAX = 200, UNFINISHED = -1, POSITION = -2 }; /* as in Lua */

struct state {
	const char *subject, *subject_end, *pattern_end;
	int depth, level;
	struct {
		const char *at;
		ptrdiff_t length;
	} capture[CAPTURES_MAX];
	double steps, steps_max;
	jmp_buf leave;
};

static _Noreturn void leave(struct state *state, enum matcher_outcome outcome)
{
	longjmp(state->leave, (int)outcome);
}

static void step(struct state *state, double count)
{
	state->steps += count;
	if (state->steps > state->steps_max)
		leave(state, MATCHER_GAVE_UP);
}

static int check_capture(struct state *state, int letter)
{
	letter -= '1';
	if (letter < 0 || letter >= state->level || state->capture[letter].length == UNFINISHED)
		leave(state, MATCHER_RAISED);
	return letter;
}

static int capture_to_close(struct state *state)
{
	for (int level = state->level - 1; level >= 0; level--)
		if (state->capture[level].length == UNFINISHED)
			return level;
	leave(state, MATCHER_RAISED);
}

static const char *class_end(struct state *state, const char *at)
{
	if (*at++ == '%') {
		if (at == state->pattern_end)
			leave(state, MATCHER_RAISED);
		return at + 1;
	}
	if (at[-1] != '[')
		return at;
	if (at < state->pattern_end && *at == '^')
		at++;
	do {
		if (at == state->pattern_end)
			leave(state, MATCHER_RAISED);
		if (*at++ == '%' && at < state->pattern_end)
			at++;
	} while (*at != ']');
	return at + 1;
}

static int in_named_class(int byte, int name)
{
	int in;

	switch (tolower(name)) {
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
	case 'z':
		in = byte == '\0';
		break;
	default:
		return name == byte;
	}
	return isupper(name) ? !in : in;
}

/* `end` is at the closing bracket. */
static int in_set(struct state *state, int byte, const char *at, const char *end)
{
	int found = 1;

	if (at[1] == '^') {
		found = 0;
		at++;
	}
	while (++at < end) {
		step(state, 1);
		if (*at == '%') {
			at++;
			if (in_named_class(byte, (unsigned char)*at))
				return found;
		} else if (at[1] == '-' && at + 2 < end) {
			at += 2;
			if ((unsigned char)at[-2] <= byte && byte <= (unsigned char)*at)
				return found;
		} else if ((unsigned char)*at == byte) {
			return found;
		}
	}
	return !found;
}

static int is_single_match(struct state *state, const char *at, const char *pattern, const char *end)
{
	step(state, 1);
	if (at >= state->subject_end)
		return 0;
	int byte = (unsigned char)*at;
	switch (*pattern) {
	case '.':
		return 1;
	case '%':
		return in_named_class(byte, (unsigned char)pattern[1]);
	case '[':
		return in_set(state, byte, pattern, end - 1);
	default:
		return (unsigned char)*pattern == byte;
	}
}

static const char *match(struct state *state, const char *at, const char *pattern);

static const char *match_balance(struct state *state, const char *at, const char *pattern)
{
	int nested = 1;

	if (pattern >= state->pattern_end - 1)
		leave(state, MATCHER_RAISED);
	if (at >= state->subject_end || *at != *pattern)
		return NULL;
	char opening = pattern[0], closing = pattern[1];
	while (++at < state->subject_end) {
		step(state, 1);
		if (*at == closing) {
			if (--nested == 0)
				return at + 1;
		} else if (*at == opening) {
			nested++;
		}
	}
	return NULL;
}

static const char *max_expand(struct state *state, const char *at, const char *pattern, const char *end)
{
	ptrdiff_t i = 0;

	while (is_single_match(state, at + i, pattern, end))
		i++;
	for (; i >= 0; i--) {
		const char *found = match(state, at + i, end + 1);
		if (found)
			return found;
	}
	return NULL;
}

static const char *min_expand(struct state *state, const char *at, const char *pattern, const char *end)
{
	for (;;) {
		const char *found = match(state, at, end + 1);
		if (found)
			return found;
		if (!is_single_match(state, at, pattern, end))
			return NULL;
		at++;
	}
}

static const char *start_capture(struct state *state, const char *at, const char *pattern, ptrdiff_t length)
{
	if (state->level >= CAPTURES_MAX)
		leave(state, MATCHER_RAISED);
	state->capture[state->level].at = at;
	state->capture[state->level].length = length;
	state->level++;
	const char *found = match(state, at, pattern);
	if (!found)
		state->level--;
	return found;
}

static const char *end_capture(struct state *state, const char *at, const char *pattern)
{
	int level = capture_to_close(state);

	state->capture[level].length = at - state->capture[level].at;
	const char *found = match(state, at, pattern);
	if (!found)
		state->capture[level].length = UNFINISHED;
	return found;
}

static const char *match_capture(struct state *state, const char *at, int letter)
{
	letter = check_capture(state, letter);
	size_t length = (size_t)state->capture[letter].length;
	if ((size_t)(state->subject_end - at) < length)
		return NULL;
	step(state, (double)length / 16);
	return memcmp(state->capture[letter].at, at, length) == 0 ? at + length : NULL;
}

/* A frontier at `pattern` ("[set]"): where it ends when it matches, else NULL. */
static const char *match_frontier(struct state *state, const char *at, const char *pattern)
{
	if (*pattern != '[')
		leave(state, MATCHER_RAISED);
	const char *end = class_end(state, pattern);
	int before = at == state->subject ? '\0' : (unsigned char)at[-1];
	int here = at == state->subject_end ? '\0' : (unsigned char)*at;
	return !in_set(state, before, pattern, end - 1) && in_set(state, here, pattern, end - 1) ? end : NULL;
}

/* Matches a single-character class with what follows it. When the rest of the pattern is to be matched next, sets *next
 * to that rest, and returns from where in the subject. */
static const char *match_repeated(struct state *state, const char *at, const char *pattern, const char **next)
{
	const char *end = class_end(state, pattern), *found;
	char repeat = *end;
	int single = is_single_match(state, at, pattern, end);

	*next = NULL;
	if (!single) {
		if (repeat != '*' && repeat != '?' && repeat != '-')
			return NULL;
		*next = end + 1;
		return at;
	}
	switch (repeat) {
	case '?':
		found = match(state, at + 1, end + 1);
		if (found)
			return found;
		*next = end + 1;
		return at;
	case '+':
		return max_expand(state, at + 1, pattern, end);
	case '*':
		return max_expand(state, at, pattern, end);
	case '-':
		return min_expand(state, at, pattern, end);
	default:
		*next = end;
		return at + 1;
	}
}

/* One item of the pattern; *next as in match_repeated. */
static const char *match_item(struct state *state, const char *at, const char *pattern, const char **next)
{
	*next = NULL;
	switch (*pattern) {
	case '(':
		return pattern[1] == ')' ? start_capture(state, at, pattern + 2, POSITION)
								 : start_capture(state, at, pattern + 1, UNFINISHED);
	case ')':
		return end_capture(state, at, pattern + 1);
	case '$':
		if (pattern + 1 == state->pattern_end)
			return at == state->subject_end ? at : NULL;
		break;
	case '%':
		if (pattern[1] == 'b') {
			*next = pattern + 4;
			return match_balance(state, at, pattern + 2);
		}
		if (pattern[1] == 'f') {
			*next = match_frontier(state, at, pattern + 2);
			return *next ? at : NULL;
		}
		if (isdigit((unsigned char)pattern[1])) {
			*next = pattern + 2;
			return match_capture(state, at, (unsigned char)pattern[1]);
		}
		break;
	default:
		break;
	}
	return match_repeated(state, at, pattern, next);
}

static const char *match(struct state *state, const char *at, const char *pattern)
{
	const char *next = pattern;

	if (state->depth++ == DEPTH_MAX)
		leave(state, MATCHER_RAISED);
	do {
		step(state, 1);
		if (next == state->pattern_end)
			break;
		pattern = next;
		at = match_item(state, at, pattern, &next);
	} while (at && next);
	state->depth--;
	return at;
}

static void match_all(struct state *state, struct matcher *matcher, enum matcher_call call)
{
	const char *pattern = matcher->pattern.at, *at = state->subject, *last = NULL;
	int anchored = call != MATCHER_GMATCH && matcher->pattern.length > 0 && *pattern == '^';

	do {
		state->level = state->depth = 0;
		const char *end = match(state, at, pattern + anchored);
		for (int level = 0; end && level < state->level; level++)
			if (state->capture[level].length == UNFINISHED)
				leave(state, MATCHER_RAISED);
		if (end && end != last) {
			if (matcher->matches++ == 0) {
				matcher->start = (size_t)(at - state->subject);
				matcher->end = (size_t)(end - state->subject);
			}
			at = last = end;
			if (call == MATCHER_FIND)
				return;
		} else if (at < state->subject_end) {
			at++;
		} else {
			return;
		}
	} while (!anchored);
}

void matcher_run(struct matcher *matcher, enum matcher_call call)
{
	static struct state state;

	matcher->matches = 0;
	state.subject = matcher->subject.at;
	state.subject_end = matcher->subject.at + matcher->subject.length;
	state.pattern_end = matcher->pattern.at + matcher->pattern.length;
	state.steps = 0;
	state.steps_max = matcher->steps_max;
	matcher->outcome = (enum matcher_outcome)setjmp(state.leave); /* 0, MATCHER_DONE, at first */
	if (matcher->outcome == MATCHER_DONE)
		match_all(&state, matcher, call);
	matcher->steps = state.steps;
}
