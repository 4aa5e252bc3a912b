/* Which module names belong to which room, and what an app may require (SBX-03). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "script/rooms.h"

static void test_names(void **state)
{
	static const struct {
		const char *module;
		enum pa_room_id id;
		const char *rest;
	} cases[] = {
		{"partnerapp", PA_ROOM_LIBRARY, "init"},
		{"partnerapp.http", PA_ROOM_LIBRARY, "http"},
		{"partnerapp.web.csrf", PA_ROOM_LIBRARY, "web.csrf"},
		{"partnerapps", PA_ROOM_APP, "partnerapps"},
		{"my.partnerapp", PA_ROOM_APP, "my.partnerapp"},
		{"cli", PA_ROOM_CLI, "init"},
		{"cli.setup.app", PA_ROOM_CLI, "setup.app"},
		{"clients", PA_ROOM_APP, "clients"},
		{"partnerapp_dashboard", PA_ROOM_DASHBOARD, "init"},
		{"partnerapp_dashboard.traffic", PA_ROOM_DASHBOARD, "traffic"},
		{"dashboard", PA_ROOM_APP, "dashboard"},
		{"init", PA_ROOM_APP, "init"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *rest = NULL;
		assert_int_equal(pa_rooms_of(cases[i].module, &rest), cases[i].id);
		assert_string_equal(rest, cases[i].rest);
	}
}

static void test_folders(void **state)
{
	struct pa_room_paths paths;

	(void)state;
	pa_rooms_locate(&paths, "/srv/app", "/usr/share/partnerapp", false);
	assert_string_equal(paths.folders[PA_ROOM_APP], "/srv/app");
	assert_string_equal(paths.folders[PA_ROOM_LIBRARY], "/usr/share/partnerapp/partnerapp");
	assert_string_equal(paths.folders[PA_ROOM_DASHBOARD], "/usr/share/partnerapp/dashboard");
	assert_null(paths.folders[PA_ROOM_CLI]);
	pa_rooms_locate(&paths, NULL, "/usr/share/partnerapp", true);
	assert_null(paths.folders[PA_ROOM_APP]);
	assert_string_equal(paths.folders[PA_ROOM_CLI], "/usr/share/partnerapp/cli");
}

static void test_what_an_app_may_require(void **state)
{
	(void)state;
	assert_false(pa_rooms_admits(PA_ROOM_APP, PA_ROOM_CLI, false));
	assert_false(pa_rooms_admits(PA_ROOM_APP, PA_ROOM_CLI, true));
	assert_false(pa_rooms_admits(PA_ROOM_APP, PA_ROOM_DASHBOARD, false));
	assert_false(pa_rooms_admits(PA_ROOM_DASHBOARD, PA_ROOM_CLI, false));
	assert_false(pa_rooms_admits(PA_ROOM_DASHBOARD, PA_ROOM_LIBRARY, true));
	assert_true(pa_rooms_admits(PA_ROOM_DASHBOARD, PA_ROOM_LIBRARY, false));
	assert_true(pa_rooms_admits(PA_ROOM_DASHBOARD, PA_ROOM_DASHBOARD, true));
	assert_true(pa_rooms_admits(PA_ROOM_LIBRARY, PA_ROOM_DASHBOARD, false)); /* the host mounts it */
	assert_true(pa_rooms_admits(PA_ROOM_APP, PA_ROOM_APP, true));
	assert_true(pa_rooms_admits(PA_ROOM_APP, PA_ROOM_LIBRARY, false));
	assert_false(pa_rooms_admits(PA_ROOM_APP, PA_ROOM_LIBRARY, true));
	assert_true(pa_rooms_admits(PA_ROOM_CLI, PA_ROOM_LIBRARY, true));
	assert_true(pa_rooms_admits(PA_ROOM_LIBRARY, PA_ROOM_APP, true)); /* the host loads the app */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_what_an_app_may_require),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
