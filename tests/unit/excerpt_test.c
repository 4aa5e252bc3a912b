/* Messages with the lines of scripts that they name. */
#include "vm_fixture.h"

#include "script/excerpt.h"

static void assert_shown(struct pa_snapshot *scripts, const char *message, const char *wanted)
{
	char *text = pa_excerpt_add(scripts, message);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void RL_01_a_message_shows_the_lines_that_it_names(void **state)
{
	struct fixture *fixture = *state;
	const char *const folders[PA_ROOMS] = {[PA_ROOM_APP] = fixture->folder};
	struct pa_error error;
	char line[400], wanted[400];

	save(fixture, "a.lua", "first\n\t second \r\n\nlast");
	save(fixture, "empty.lua", "");
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\0';
	save(fixture, "long.lua", line);
	struct pa_snapshot *scripts = pa_snapshot_read(folders, &error);
	assert_non_null(scripts);
	assert_shown(scripts, "a.lua:1: one", "a.lua:1: one\n    1 | first");
	assert_shown(scripts, "a.lua:2: two\nmore", "a.lua:2: two\n    2 | second\nmore");
	assert_shown(scripts, "a.lua:4: x\na.lua:1: y\n", "a.lua:4: x\n    4 | last\na.lua:1: y\n    1 | first\n");
	snprintf(wanted, sizeof wanted, "long.lua:1: x\n    1 | %.160s", line);
	assert_shown(scripts, "long.lua:1: x", wanted);
	static const char *const same[] = {"", "no place", "a.lua", "a.lua:", "a.lua:2", "a.lua:x: y", "a.lua:0: y",
		"a.lua:-1: y", "a.lua:3: an empty line", "a.lua:5: past the end", "a.lua:99999999999999999999: y",
		"b.lua:1: no file", "empty.lua:1: y", "\n\n:1: y"};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_shown(scripts, same[i], same[i]);
	snprintf(wanted, sizeof wanted, "%.300s:1: y", line);
	assert_shown(scripts, wanted, wanted);
	pa_snapshot_release(scripts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(RL_01_a_message_shows_the_lines_that_it_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
