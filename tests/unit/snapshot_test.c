/* Snapshots of scripts, and when their folders have changed. */
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "script/snapshot.h"
#include "script/watch.h"

static char top[64];

static const char *in_top(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", top, name);
	return path;
}

static void save(const char *name, const char *text)
{
	FILE *file = fopen(in_top(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *name)
{
	assert_int_equal(mkdir(in_top(name), 0700), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(top, "/tmp/partnerapp-scripts-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	make_folder("app");
	make_folder("app/views");
	return 0;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about, (void)kind, (void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct pa_snapshot *read_app(struct pa_error *error)
{
	const char *folders[PA_ROOMS] = {[PA_ROOM_APP] = in_top("app")};

	return pa_snapshot_read(folders, error);
}

static void test_names_and_bytes(void **state)
{
	(void)state;
	struct pa_error error;

	save("app/init.lua", "return 1");
	save("app/views/home.html", "<p>");
	save("app/empty.lua", "");
	struct pa_snapshot *scripts = read_app(&error);
	assert_non_null(scripts);
	static const char *const order[] = {"empty.lua", "init.lua", "views/home.html"};
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(pa_snapshot_at(scripts, PA_ROOM_APP, i)->name, order[i]);
	assert_null(pa_snapshot_at(scripts, PA_ROOM_APP, 3));
	assert_null(pa_snapshot_at(scripts, PA_ROOM_LIBRARY, 0));
	const struct pa_script *view = pa_snapshot_find(scripts, PA_ROOM_APP, "views/home.html");
	assert_int_equal(view->bytes.length, 3);
	assert_memory_equal(view->bytes.at, "<p>", 3);
	assert_int_equal(pa_snapshot_find(scripts, PA_ROOM_APP, "empty.lua")->bytes.length, 0);
	assert_null(pa_snapshot_find(scripts, PA_ROOM_APP, "views"));
	assert_null(pa_snapshot_find(scripts, PA_ROOM_APP, "../app/init.lua"));
	/* A later save does not change the snapshot. */
	save("app/init.lua", "return 2");
	assert_memory_equal(pa_snapshot_find(scripts, PA_ROOM_APP, "init.lua")->bytes.at, "return 1", 8);
	pa_snapshot_release(pa_snapshot_retain(scripts));
	assert_non_null(pa_snapshot_find(scripts, PA_ROOM_APP, "init.lua"));
	pa_snapshot_release(scripts);
}

static void TO_08_what_is_skipped(void **state)
{
	(void)state;
	struct pa_error error;

	save("outside.lua", "return 'secret'");
	save("app/init.lua", "return 1");
	save("app/.hidden.lua", "");
	save("app/init.lua~", "");
	save("app/notes.md", "");
	save("app/data.db", "");
	assert_int_equal(symlink("../outside.lua", in_top("app/linked.lua")), 0);
	assert_int_equal(symlink("..", in_top("app/up")), 0);
	assert_int_equal(symlink(".", in_top("app/round")), 0);
	assert_int_equal(mkfifo(in_top("app/pipe.lua"), 0600), 0);
	struct pa_snapshot *scripts = read_app(&error);
	assert_non_null(scripts);
	for (size_t i = 0; pa_snapshot_at(scripts, PA_ROOM_APP, i); i++) {
		const char *name = pa_snapshot_at(scripts, PA_ROOM_APP, i)->name;
		if (!strstr(name, "init.lua") || strstr(name, "~"))
			fail_msg("SBX-03 %s was read", name);
	}
	assert_null(pa_snapshot_find(scripts, PA_ROOM_APP, "linked.lua"));
	assert_null(pa_snapshot_find(scripts, PA_ROOM_APP, "up/outside.lua"));
	pa_snapshot_release(scripts);
}

static void test_no_folder(void **state)
{
	(void)state;
	const char *folders[PA_ROOMS] = {[PA_ROOM_APP] = in_top("nowhere")};
	struct pa_error error;

	assert_null(pa_snapshot_read(folders, &error));
	assert_string_equal(error.code, "scripts");
	assert_non_null(strstr(error.text, "nowhere"));
}

static void test_too_much(void **state)
{
	(void)state;
	struct pa_error error;

	save("app/large.txt", "");
	assert_int_equal(truncate(in_top("app/large.txt"), 33 << 20), 0);
	assert_null(read_app(&error));
	assert_string_equal(error.code, "scripts");
}

/* Whether a reload becomes due within five seconds. */
static bool due(struct pa_watch *watch)
{
	int wait_ms = pa_watch_fd(watch) < 0 ? 0 : 5000;

	for (int turns = 0; turns < 100; turns++) {
		struct pollfd happened = {.fd = pa_watch_fd(watch), .events = POLLIN};
		int ready = poll(&happened, 1, wait_ms < 0 ? 5000 : wait_ms);
		if (pa_watch_settle(watch, &wait_ms))
			return true;
		if (ready == 0 && wait_ms < 0)
			return false;
	}
	return false;
}

static void RL_03_watch(void **state)
{
	(void)state;
	const char *folder = in_top("app");
	struct pa_error error;
	struct pa_watch *watch = pa_watch_open(&folder, 1, NULL, &error);
	int wait_ms;

	assert_non_null(watch);
	assert_false(pa_watch_settle(watch, &wait_ms));
	save("app/init.lua", "return 1");
	assert_true(due(watch));
	save("app/views/home.html", "<p>");
	assert_true(due(watch));
	/* Editors save so: a new file is renamed to the old name. */
	save("app/.init.lua.swap", "return 2");
	char from[PATH_MAX];
	strcpy(from, in_top("app/.init.lua.swap"));
	assert_int_equal(rename(from, in_top("app/init.lua")), 0);
	assert_true(due(watch));
	/* A new folder, with a file in it before it is watched. */
	make_folder("app/new");
	save("app/new/a.lua", "return 1");
	assert_true(due(watch));
	save("app/new/a.lua", "return 2");
	assert_true(due(watch));
	assert_int_equal(unlink(in_top("app/init.lua")), 0);
	assert_true(due(watch));
	pa_watch_close(watch);
}

static void RL_03_a_reload_waits_for_quiet_but_not_for_long(void **state)
{
	const char *folder = in_top("app");
	struct pa_error error;
	struct pa_watch *watch = pa_watch_open(&folder, 1, NULL, &error);
	bool is_due = true;
	int wait_ms = 0;

	(void)state;
	assert_non_null(watch);
	for (int i = 0; i < 20 && is_due; i++) { /* it may be due at once where the machine was paused for 50 ms */
		save("app/init.lua", "return 1");
		is_due = pa_watch_settle(watch, &wait_ms);
	}
	assert_false(is_due);
	assert_in_range(wait_ms, 1, 50);
	for (int i = 0; !pa_watch_settle(watch, &wait_ms); i++) {
		assert_true(i < 2000);
		save("app/init.lua", "return 2");
		poll(NULL, 0, 5);
	}
	pa_watch_close(watch);
}

/* Four links to their own folder, followed 16 levels deep, are 4^16 folders. */
static void RL_06_folders_that_are_linked_into_themselves_are_watched(void **state)
{
	static const char *const links[] = {"app/a", "app/b", "app/c", "app/d"};
	struct pa_error error;

	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		assert_int_equal(symlink(".", in_top(links[i])), 0);
	const char *folder = in_top("app");
	struct pa_watch *watch = pa_watch_open(&folder, 1, NULL, &error);
	assert_non_null(watch);
	save("app/init.lua", "return 1");
	assert_true(due(watch));
	pa_watch_close(watch);
}

/* A program whose descriptors are used up has no inotify instance either; neither has one whose user has no more. */
static void RL_06_without_an_inotify_instance_the_files_are_looked_at(void **state)
{
	struct rlimit limit, none;
	struct pa_error error;
	int wait_ms;

	(void)state;
	save("app/init.lua", "return 1");
	const char *folder = in_top("app");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct pa_watch *watch = pa_watch_open(&folder, 1, NULL, &error);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_non_null(watch);
	assert_int_equal(pa_watch_fd(watch), -1);
	assert_true(due(watch)); /* the folder can be read now */
	assert_false(pa_watch_settle(watch, &wait_ms));
	assert_true(pa_watch_is_blind(watch));
	assert_in_range(wait_ms, 1, 1000);
	save("app/init.lua", "return 2");
	assert_true(due(watch));
	make_folder("app/new");
	assert_false(pa_watch_settle(watch, &wait_ms));
	save("app/new/a.lua", "return 1");
	assert_true(due(watch));
	assert_int_equal(unlink(in_top("app/init.lua")), 0);
	assert_true(due(watch));
	assert_false(pa_watch_settle(watch, &wait_ms));
	pa_watch_close(watch);
}

/* The most events that the kernel keeps for a watch; 0 when that is not told. */
static int events_max(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	int max = 0;

	if (file && fscanf(file, "%d", &max) != 1)
		max = 0;
	if (file)
		fclose(file);
	return max;
}

/* Editors' own files cause no reload, but here they are so many that the event of the script is lost. */
static void RL_06_more_events_than_the_kernel_keeps_cause_a_reload(void **state)
{
	const char *folder = in_top("app");
	int max = events_max(), wait_ms;
	struct pa_error error;

	(void)state;
	if (max <= 0 || max > 200000)
		skip();
	struct pa_watch *watch = pa_watch_open(&folder, 1, NULL, &error);
	assert_non_null(watch);
	for (int i = 0; i <= max; i += 2) {
		save("app/.one", "");
		save("app/.two", "");
	}
	make_folder("app/new");
	save("app/new/a.lua", "return 1");
	assert_true(due(watch));
	assert_false(pa_watch_settle(watch, &wait_ms));
	save("app/new/a.lua", "return 2");
	assert_true(due(watch));
	pa_watch_close(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_and_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(TO_08_what_is_skipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(RL_03_watch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(RL_03_a_reload_waits_for_quiet_but_not_for_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(RL_06_folders_that_are_linked_into_themselves_are_watched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(RL_06_without_an_inotify_instance_the_files_are_looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(RL_06_more_events_than_the_kernel_keeps_cause_a_reload, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
