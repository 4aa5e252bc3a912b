/* require "native.program": another program and what it prints, for the command line only. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "native/modules.h"
#include "native/native.h"

enum {
	OUTPUT_MAX = 1 << 20,
	ARGUMENTS_MAX = 4000,
	ENVIRONMENT_MAX = 32,
};

/* A program that runs. Both ends of its life are in the box: a raise leaves neither a process nor a descriptor. */
struct program {
	pid_t pid;  /* 0: none */
	int output; /* what it prints, to read from; 0: none, for standard input is never one of ours */
	char **arguments;
};

static void end_program(void *held)
{
	struct program *program = held;

	if (program->output > 0)
		close(program->output);
	if (program->pid > 0) {
		kill(program->pid, SIGKILL);
		while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	free(program->arguments);
	*program = (struct program){0};
}

/* What a program of a person's own needs of the environment. The settings of a server are not among it. */
static void choose_environment(char *chosen[ENVIRONMENT_MAX])
{
	static const char *const names[] = {"PATH=", "HOME=", "LANG=", "LC_", "LUA_", "TMPDIR="};
	size_t count = 0;

	for (char **at = environ; *at && count < ENVIRONMENT_MAX - 1; at++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strncmp(*at, names[i], strlen(names[i])) == 0) {
				chosen[count++] = *at;
				break;
			}
	chosen[count] = NULL;
}

/* 0, or the number of an error. */
static int add_actions(posix_spawn_file_actions_t *actions, const char *folder, int output)
{
	int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!failed)
		failed = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!failed)
		failed = posix_spawn_file_actions_addchdir_np(actions, folder);
	return failed;
}

/* 0, or the number of an error. */
static int add_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	int failed = posix_spawnattr_setsigmask(attributes, &none);
	if (!failed)
		failed = posix_spawnattr_setsigdefault(attributes, &defaults);
	if (!failed)
		failed = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return failed;
}

/* Starts the program with its output going to a descriptor. 0, or the number of an error. */
static int spawn(struct program *program, const char *folder, int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *environment[ENVIRONMENT_MAX];

	choose_environment(environment);
	int failed = posix_spawn_file_actions_init(&actions);
	if (failed)
		return failed;
	failed = posix_spawnattr_init(&attributes);
	if (failed)
		goto no_attributes;
	failed = add_actions(&actions, folder, output);
	if (!failed)
		failed = add_signals(&attributes);
	if (!failed)
		failed =
			posix_spawnp(&program->pid, program->arguments[0], &actions, &attributes, program->arguments, environment);
	if (failed)
		program->pid = 0;
	posix_spawnattr_destroy(&attributes);
no_attributes:
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* 0, or the number of an error. */
static int start(struct program *program, const char *folder)
{
	int pipe_ends[2];

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return errno;
	program->output = pipe_ends[0];
	int failed = spawn(program, folder, pipe_ends[1]);
	close(pipe_ends[1]);
	return failed;
}

/* The number of bytes that were read, 0 at the end, -1 for an error, -2 when the time is over. */
static ssize_t read_some(int output, char *bytes, size_t size, int64_t until_ms)
{
	struct pollfd ready = {.fd = output, .events = POLLIN};

	for (;;) {
		int64_t left = until_ms - pa_clock_ms();
		int found = left > 0 ? poll(&ready, 1, (int)left) : 0;
		if (found == 0)
			return -2;
		ssize_t got = found > 0 ? read(output, bytes, size) : -1;
		if (got >= 0 || errno != EINTR)
			return got;
	}
}

/* Whether a program has ended before the time is over; true also where the kernel has no descriptor for it. */
static bool has_ended(pid_t pid, int64_t until_ms)
{
	int ended = pidfd_open(pid, 0), found;

	if (ended < 0)
		return true;
	do {
		int64_t left = until_ms - pa_clock_ms();
		found = poll(&(struct pollfd){.fd = ended, .events = POLLIN}, 1, left > 0 ? (int)left : 0);
	} while (found < 0 && errno == EINTR);
	close(ended);
	return found != 0;
}

/* The exit code of a program whose output has ended; 128 and more after a signal, -2 when the time is over. */
static int wait_for(struct program *program, int64_t until_ms)
{
	int status = 0;

	if (!has_ended(program->pid, until_ms))
		return -2;
	while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	program->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Keeps the strings of the list at `index`, which they are valid with: `name`, those, NULL. */
static void take_arguments(lua_State *L, int index, const char *name, struct program *program)
{
	lua_Integer count = luaL_len(L, index);

	luaL_argcheck(L, count >= 0 && count <= ARGUMENTS_MAX, index, "must have at most 4000 strings");
	program->arguments = calloc((size_t)count + 2, sizeof *program->arguments);
	if (!program->arguments)
		pa_native_no_memory(L);
	program->arguments[0] = (char *)(uintptr_t)name;
	for (lua_Integer i = 1; i <= count; i++) {
		size_t length = 0;
		const char *text = lua_rawgeti(L, index, i) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
		lua_pop(L, 1);
		if (!text || strlen(text) != length)
			luaL_argerror(L, index, "must be a list of strings without a NUL byte");
		program->arguments[i] = (char *)(uintptr_t)text;
	}
}

static int fail(lua_State *L, const char *name, int failed)
{
	return pa_native_fail(L, failed == ENOENT ? "not_found" : "io", "%s: %s", name, strerror(failed));
}

static int l_run(lua_State *L)
{
	const char *name = pa_native_check_text(L, 1);
	luaL_checktype(L, 2, LUA_TTABLE);
	const char *folder = pa_native_check_text(L, 3);
	lua_Number seconds = luaL_checknumber(L, 4);
	luaL_argcheck(L, seconds >= 0 && seconds <= 600, 4, "must be from 0 to 600");
	int64_t until_ms = pa_clock_ms() + (int64_t)(seconds * 1000);
	struct program *program = pa_native_box(L, sizeof *program, end_program);
	luaL_Buffer bytes;
	ssize_t got;

	take_arguments(L, 2, name, program);
	int failed = start(program, folder);
	if (failed)
		return fail(L, name, failed);
	luaL_buffinit(L, &bytes);
	do {
		char *room = luaL_prepbuffer(&bytes);
		pa_native_wait_begin(L);
		got = read_some(program->output, room, LUAL_BUFFERSIZE, until_ms);
		pa_native_wait_end(L);
		luaL_addsize(&bytes, got > 0 ? (size_t)got : 0);
	} while (got > 0 && luaL_bufflen(&bytes) <= OUTPUT_MAX);
	if (got == -1)
		return fail(L, name, errno);
	if (got > 0)
		return pa_native_fail(L, "too_large", "%s: it prints more than 1 MiB", name);
	pa_native_wait_begin(L);
	int code = got == -2 ? -2 : wait_for(program, until_ms);
	pa_native_wait_end(L);
	if (code == -2)
		return pa_native_fail(L, "timeout", "%s: it was ended after %d s", name, (int)seconds);
	luaL_pushresult(&bytes);
	lua_pushinteger(L, code);
	return 2;
}

int pa_native_open_program(lua_State *L)
{
	static const luaL_Reg functions[] = {{"run", l_run}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
