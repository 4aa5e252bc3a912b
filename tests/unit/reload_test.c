/* When scripts are read again, and waiting for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "script/reload.h"

enum { SAVERS = 4, ROUNDS = 4, LONG_MS = 60000 };

struct fixture {
	char folder[64];
	const char *folders[PA_ROOMS];
	struct pa_reload *reload;
	atomic_int calls, seen[SAVERS]; /* the numbers that the last reload has found in the files */
	sem_t begun, go_on;
	bool is_slow;
};

static void path_of(const struct fixture *fixture, int saver, char path[96])
{
	snprintf(path, 96, "%s/%d.lua", fixture->folder, saver);
}

static void save(const struct fixture *fixture, int saver, int number)
{
	char path[96];

	path_of(fixture, saver, path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%d", number);
	assert_int_equal(fclose(file), 0);
}

static void read_all(void *context)
{
	struct fixture *fixture = context;
	char path[96];

	for (int i = 0; i < SAVERS; i++) {
		int number = 0;
		path_of(fixture, i, path);
		FILE *file = fopen(path, "r");
		if (file && fscanf(file, "%d", &number) == 1)
			atomic_store(&fixture->seen[i], number);
		if (file)
			fclose(file);
	}
	atomic_fetch_add(&fixture->calls, 1);
	if (fixture->is_slow) {
		sem_post(&fixture->begun);
		sem_wait(&fixture->go_on);
	}
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/reload_test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	fixture->folders[PA_ROOM_APP] = fixture->folder;
	sem_init(&fixture->begun, 0, 0);
	sem_init(&fixture->go_on, 0, 0);
	*state = fixture;
	return 0;
}

static void open_reload(struct fixture *fixture, bool watch)
{
	struct pa_error error;

	fixture->reload = pa_reload_open(watch ? fixture->folders : NULL, NULL, &error);
	assert_non_null(fixture->reload);
	assert_int_equal(pa_reload_start(fixture->reload, read_all, fixture, &error), 0);
}

static void remove_files(const struct fixture *fixture)
{
	char path[96];

	for (int i = 0; i < SAVERS; i++) {
		path_of(fixture, i, path);
		unlink(path);
	}
	rmdir(fixture->folder);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	pa_reload_close(fixture->reload);
	remove_files(fixture);
	sem_destroy(&fixture->begun);
	sem_destroy(&fixture->go_on);
	free(fixture);
	return 0;
}

struct saver {
	pthread_t thread;
	struct fixture *fixture;
	int number, missed;
};

static void *save_and_wait(void *context)
{
	struct saver *saver = context;

	for (int round = 1; round <= ROUNDS; round++) {
		save(saver->fixture, saver->number, round);
		bool caught_up = pa_reload_catch_up(saver->fixture->reload, LONG_MS);
		saver->missed += !caught_up || atomic_load(&saver->fixture->seen[saver->number]) != round;
	}
	return NULL;
}

static void RL_01_what_was_saved_before_is_read_when_the_wait_is_over(void **state)
{
	struct fixture *fixture = *state;
	struct saver savers[SAVERS];

	open_reload(fixture, true);
	for (int i = 0; i < SAVERS; i++) {
		savers[i] = (struct saver){.fixture = fixture, .number = i};
		assert_int_equal(pthread_create(&savers[i].thread, NULL, save_and_wait, &savers[i]), 0);
	}
	for (int i = 0; i < SAVERS; i++) {
		pthread_join(savers[i].thread, NULL);
		assert_int_equal(savers[i].missed, 0);
	}
}

static void without_a_change_nothing_is_read(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, 0, 1);
	open_reload(fixture, true);
	for (int i = 0; i < 1000; i++)
		assert_true(pa_reload_catch_up(fixture->reload, LONG_MS));
	assert_int_equal(atomic_load(&fixture->calls), 0);
}

static void without_a_watch_there_is_no_wait(void **state)
{
	struct fixture *fixture = *state;

	open_reload(fixture, false);
	save(fixture, 0, 1);
	assert_true(pa_reload_catch_up(fixture->reload, 0));
	assert_int_equal(atomic_load(&fixture->calls), 0);
}

static void a_wait_ends_when_a_reload_takes_too_long(void **state)
{
	struct fixture *fixture = *state;

	fixture->is_slow = true;
	open_reload(fixture, true);
	save(fixture, 0, 1);
	sem_wait(&fixture->begun);
	assert_false(pa_reload_catch_up(fixture->reload, 1));
	fixture->is_slow = false;
	sem_post(&fixture->go_on);
	assert_true(pa_reload_catch_up(fixture->reload, LONG_MS));
	assert_int_equal(atomic_load(&fixture->seen[0]), 1);
}

static void RL_06_a_folder_that_comes_back_is_read_when_the_wait_is_over(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, 0, 1);
	open_reload(fixture, true);
	remove_files(fixture);
	assert_true(pa_reload_catch_up(fixture->reload, LONG_MS));
	assert_int_equal(mkdir(fixture->folder, 0700), 0);
	save(fixture, 0, 2);
	assert_true(pa_reload_catch_up(fixture->reload, LONG_MS));
	assert_int_equal(atomic_load(&fixture->seen[0]), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(RL_01_what_was_saved_before_is_read_when_the_wait_is_over),
		CASE(without_a_change_nothing_is_read),
		CASE(without_a_watch_there_is_no_wait),
		CASE(a_wait_ends_when_a_reload_takes_too_long),
		CASE(RL_06_a_folder_that_comes_back_is_read_when_the_wait_is_over),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
