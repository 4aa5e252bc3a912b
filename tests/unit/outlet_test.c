/* Lines to readers that stall, come back, or are gone. The program hangs, and the test with it, where a write blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/outlet.h"

enum { QUEUE = 32 << 10, PATIENCE_MS = 60000 };

static size_t note(unsigned long dropped, char *out, size_t size)
{
	return (size_t)snprintf(out, size, "dropped %lu\n", dropped);
}

static struct pa_outlet *open_outlet(int descriptor)
{
	struct pa_outlet *outlet = pa_outlet_open(descriptor, QUEUE, note);

	assert_non_null(outlet);
	return outlet;
}

/* Writes the lines from `first` to `last`, of `length` bytes each. */
static void write_lines(struct pa_outlet *outlet, char writer, int first, int last, size_t length)
{
	char line[PA_OUTLET_LINE_MAX];

	for (int i = first; i <= last; i++) {
		memset(line, 'x', length);
		int head = snprintf(line, sizeof line, "%c %06d ", writer, i);
		line[head] = 'x';
		line[length - 1] = '\n';
		pa_outlet_write(outlet, line, length);
	}
}

/* What a reader got: the lines in order, and those that a note tells of. */
struct got {
	int next[128]; /* by writer: the number of the next line */
	unsigned long lines, dropped;
	struct pa_buffer part;
};

static void take_line(struct got *got, const char *line, size_t length)
{
	unsigned long dropped;
	char writer;
	int number;

	if (sscanf(line, "dropped %lu", &dropped) == 1) {
		got->dropped += dropped;
		for (size_t i = 0; i < sizeof got->next / sizeof *got->next; i++)
			got->next[i] = -1; /* any number may follow */
		return;
	}
	if (sscanf(line, "%c %06d x", &writer, &number) != 2 || strspn(line + 9, "x") != length - 9)
		fail_msg("a torn line: %.40s", line);
	if (got->next[(int)writer] >= 0)
		assert_int_equal(number, got->next[(int)writer]);
	got->next[(int)writer] = number + 1;
	got->lines++;
}

/* Reads what there is, at least one byte. False at the end. */
static bool read_some(int descriptor, struct got *got)
{
	char bytes[1000], *newline;

	ssize_t length = read(descriptor, bytes, sizeof bytes);
	if (length <= 0)
		return false;
	assert_int_equal(pa_buffer_add(&got->part, bytes, (size_t)length), 0);
	while ((newline = memchr(got->part.at, '\n', got->part.length))) {
		*newline = '\0';
		size_t taken = (size_t)(newline - got->part.at) + 1;
		take_line(got, got->part.at, taken - 1);
		memmove(got->part.at, newline + 1, got->part.length - taken);
		got->part.length -= taken;
	}
	return true;
}

static void read_until(int descriptor, struct got *got, unsigned long lines)
{
	while (got->lines + got->dropped < lines)
		assert_true(read_some(descriptor, got));
}

static void end(struct pa_outlet *outlet, int ends[2], struct got *got)
{
	pa_outlet_close(outlet);
	close(ends[0]);
	close(ends[1]);
	pa_buffer_free(&got->part);
}

/* Without a reader some lines are in the kernel, some in the queue, the others are dropped and counted; then all are
 * read. */
static void stall(int ends[2])
{
	struct pa_outlet *outlet = open_outlet(ends[1]);
	struct got got = {0};
	int count = 0;

	while (pa_outlet_dropped(outlet) < 100)
		write_lines(outlet, 'a', count, count + 9, 700), count += 10;
	assert_false(pa_outlet_flush(outlet, 1));
	read_until(ends[0], &got, (unsigned long)count);
	assert_true(pa_outlet_flush(outlet, PATIENCE_MS));
	assert_int_equal(got.dropped, pa_outlet_dropped(outlet));
	assert_int_equal(got.lines, (unsigned long)count - got.dropped);
	write_lines(outlet, 'a', count, count + 9, 700);
	read_until(ends[0], &got, (unsigned long)count + 10);
	assert_int_equal(got.dropped, pa_outlet_dropped(outlet));
	end(outlet, ends, &got);
}

static void LG_04_a_pipe_that_is_not_read(void **state)
{
	int ends[2];

	(void)state;
	assert_return_code(pipe(ends), errno);
	int flags = fcntl(ends[1], F_GETFL);
	struct pa_outlet *outlet = open_outlet(ends[1]);
	assert_int_equal(fcntl(ends[1], F_GETFL), flags); /* other processes have this description too */
	pa_outlet_close(outlet);
	stall(ends);
}

static void LG_04_a_socket_that_is_not_read(void **state)
{
	int ends[2];

	(void)state;
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), errno);
	stall(ends);
}

/* A pair of raw terminals: what is written to one side comes out of the other as it is. */
static void open_terminal(int ends[2])
{
	struct termios raw;

	ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(ends[0] >= 0);
	assert_return_code(grantpt(ends[0]), errno);
	assert_return_code(unlockpt(ends[0]), errno);
	ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
	assert_true(ends[1] >= 0);
	assert_return_code(tcgetattr(ends[1], &raw), errno);
	cfmakeraw(&raw);
	assert_return_code(tcsetattr(ends[1], TCSANOW, &raw), errno);
}

static void LG_04_a_terminal_that_is_stopped(void **state)
{
	struct got got = {0};
	int ends[2];

	(void)state;
	open_terminal(ends);
	struct pa_outlet *outlet = open_outlet(ends[1]);
	write_lines(outlet, 'a', 0, 0, 100);
	read_until(ends[0], &got, 1);
	assert_return_code(tcflow(ends[1], TCOOFF), errno); /* Ctrl-S */
	write_lines(outlet, 'a', 1, 50, 100);
	assert_false(pa_outlet_flush(outlet, 1));
	assert_return_code(tcflow(ends[1], TCOON), errno);
	read_until(ends[0], &got, 51);
	assert_int_equal(got.dropped, 0);
	end(outlet, ends, &got);
}

/* The master side of a terminal cannot be opened again, so only the thread writes, and may block. */
static void LG_04_a_descriptor_that_can_only_block(void **state)
{
	struct got got = {0};
	int ends[2], swapped[2], count = 0;

	(void)state;
	open_terminal(ends);
	struct pa_outlet *outlet = open_outlet(ends[0]);
	while (pa_outlet_dropped(outlet) < 100)
		write_lines(outlet, 'a', count, count, 700), count++;
	read_until(ends[1], &got, (unsigned long)count);
	swapped[0] = ends[1];
	swapped[1] = ends[0];
	end(outlet, swapped, &got);
}

enum { WRITERS = 4, LINES = 500 };

struct writer {
	struct pa_outlet *outlet;
	char name;
};

static void *write_all(void *context)
{
	const struct writer *writer = context;

	write_lines(writer->outlet, writer->name, 0, LINES - 1, 3000);
	return NULL;
}

static void LG_04_lines_of_many_threads_stay_whole(void **state)
{
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	struct got got = {0};
	int ends[2];

	(void)state;
	assert_return_code(pipe(ends), errno);
	struct pa_outlet *outlet = pa_outlet_open(ends[1], 8 << 20, note); /* room for all */
	assert_non_null(outlet);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){outlet, (char)('a' + i)};
		assert_int_equal(pthread_create(&threads[i], NULL, write_all, &writers[i]), 0);
	}
	read_until(ends[0], &got, (unsigned long)WRITERS * LINES);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(got.next['a' + i], LINES);
	}
	assert_int_equal(got.dropped, 0);
	end(outlet, ends, &got);
}

/* Lines of at most PIPE_BUF bytes. */
static void LG_04_lines_of_processes_that_share_a_pipe_stay_whole(void **state)
{
	struct got got = {0};
	int ends[2], status;

	(void)state;
	assert_return_code(pipe(ends), errno);
	for (int i = 0; i < WRITERS; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct writer writer = {pa_outlet_open(ends[1], 8 << 20, note), (char)('a' + i)};
			close(ends[0]);
			if (writer.outlet)
				write_all(&writer);
			_exit(!writer.outlet || !pa_outlet_flush(writer.outlet, PATIENCE_MS));
		}
	}
	close(ends[1]);
	while (read_some(ends[0], &got))
		;
	assert_int_equal(got.part.length, 0);
	for (int i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(got.next['a' + i], LINES);
	}
	close(ends[0]);
	pa_buffer_free(&got.part);
}

static void LG_04_a_pipe_without_a_reader(void **state)
{
	int ends[2];

	(void)state;
	assert_return_code(pipe(ends), errno);
	close(ends[0]);
	struct pa_outlet *outlet = open_outlet(ends[1]);
	write_lines(outlet, 'a', 0, 99, 700);
	assert_false(pa_outlet_flush(outlet, PATIENCE_MS));
	assert_in_range(pa_outlet_dropped(outlet), 1, 99);
	pa_outlet_close(outlet);
	close(ends[1]);
}

/* A FIFO whose reader leaves in the middle of a line: the next reader goes on there. */
static void LG_04_a_reader_that_is_replaced(void **state)
{
	char folder[] = "/tmp/partnerapp-outlet-XXXXXX", path[64];
	struct got got = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/fifo", folder);
	assert_return_code(mkfifo(path, 0600), errno);
	int reader = open(path, O_RDONLY | O_NONBLOCK), writer = open(path, O_WRONLY);
	assert_true(reader >= 0 && writer >= 0);
	assert_return_code(fcntl(reader, F_SETPIPE_SZ, 4096), errno);
	struct pa_outlet *outlet = open_outlet(writer);
	write_lines(outlet, 'a', 0, 2, 8000);
	assert_true(read_some(reader, &got));
	close(reader);
	assert_false(
		pa_outlet_flush(outlet, PATIENCE_MS)); /* it returns when the thread has seen that there is no reader */
	int again = open(path, O_RDONLY);
	assert_true(again >= 0);
	read_until(again, &got, 3);
	pa_outlet_close(outlet);
	pa_buffer_free(&got.part);
	close(again);
	close(writer);
	unlink(path);
	rmdir(folder);
}

/* A file that can grow no further, as on a full disk: the line that was written in part goes on when there is room. */
static void LG_04_a_disk_that_is_full_for_a_while(void **state)
{
	char path[] = "/tmp/partnerapp-outlet-XXXXXX";
	struct rlimit before, limit;
	struct got got = {0};

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	int file = mkstemp(path);
	assert_true(file >= 0);
	unlink(path);
	assert_return_code(getrlimit(RLIMIT_FSIZE, &before), errno);
	limit = before;
	limit.rlim_cur = 2500;
	assert_return_code(setrlimit(RLIMIT_FSIZE, &limit), errno);
	struct pa_outlet *outlet = open_outlet(file);
	write_lines(outlet, 'a', 0, 9, 1000);
	assert_false(pa_outlet_flush(outlet, PATIENCE_MS));
	assert_return_code(setrlimit(RLIMIT_FSIZE, &before), errno);
	while (!pa_outlet_flush(outlet, PATIENCE_MS))
		;
	assert_return_code((int)lseek(file, 0, SEEK_SET), errno);
	read_until(file, &got, 10);
	assert_int_equal(got.lines, 10);
	pa_outlet_close(outlet);
	pa_buffer_free(&got.part);
	close(file);
}

static void LG_04_a_closed_descriptor(void **state)
{
	int ends[2];

	(void)state;
	assert_return_code(pipe(ends), errno);
	close(ends[0]);
	close(ends[1]);
	struct pa_outlet *outlet = open_outlet(ends[1]);
	write_lines(outlet, 'a', 0, 99, 700);
	assert_false(pa_outlet_flush(outlet, PATIENCE_MS));
	assert_in_range(pa_outlet_dropped(outlet), 1, 99);
	pa_outlet_close(outlet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(LG_04_a_pipe_that_is_not_read),
		cmocka_unit_test(LG_04_a_socket_that_is_not_read),
		cmocka_unit_test(LG_04_a_terminal_that_is_stopped),
		cmocka_unit_test(LG_04_a_descriptor_that_can_only_block),
		cmocka_unit_test(LG_04_lines_of_many_threads_stay_whole),
		cmocka_unit_test(LG_04_lines_of_processes_that_share_a_pipe_stay_whole),
		cmocka_unit_test(LG_04_a_pipe_without_a_reader),
		cmocka_unit_test(LG_04_a_reader_that_is_replaced),
		cmocka_unit_test(LG_04_a_disk_that_is_full_for_a_while),
		cmocka_unit_test(LG_04_a_closed_descriptor),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
