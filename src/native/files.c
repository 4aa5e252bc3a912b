/* require "native.files": files, environment and terminal, for the command line only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/mask.h"
#include "native/modules.h"
#include "native/native.h"

enum { FILE_MAX = 64 << 20 };

static int fail(lua_State *L, const char *path)
{
	int why = errno;

	const char *code = why == ENOENT ? "not_found" : why == EEXIST ? "exists" : "io";

	return pa_native_fail(L, code, "%s: %s", path, strerror(why));
}

static void close_stream(void *held)
{
	FILE *stream = *(FILE **)held;

	if (stream)
		fclose(stream);
}

static int l_env(lua_State *L)
{
	lua_pushstring(L, getenv(pa_native_check_text(L, 1)));
	return 1;
}

static int l_read(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	FILE **box = pa_native_box(L, sizeof *box, close_stream);
	luaL_Buffer bytes;
	size_t got;

	bool is_input = strcmp(path, "-") == 0;
	int input = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
	FILE *stream = *box = is_input ? fdopen(input, "r") : fopen(path, "re");
	if (!stream && input >= 0)
		close(input);
	if (!stream)
		return fail(L, path);
	luaL_buffinit(L, &bytes);
	do {
		char *room = luaL_prepbuffer(&bytes);
		got = fread(room, 1, LUAL_BUFFERSIZE, stream);
		luaL_addsize(&bytes, got);
	} while (got > 0 && luaL_bufflen(&bytes) < FILE_MAX);
	if (ferror(stream))
		return fail(L, path);
	luaL_pushresult(&bytes);
	return 1;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t wrote = write(fd, bytes, length);
		if (wrote < 0 && errno != EINTR)
			return -1;
		if (wrote > 0) {
			bytes += wrote;
			length -= (size_t)wrote;
		}
	}
	return 0;
}

/* Gives a new file the owner of the one that it replaces, when root writes it: a server of another user reads it. */
static void keep_owner(int fd, const char *path)
{
	struct stat old;

	if (geteuid() != 0 || stat(path, &old) < 0 || (old.st_uid == 0 && old.st_gid == getegid()))
		return;
	if (fchown(fd, old.st_uid, old.st_gid) < 0)
		return; /* root of a container may not: the file is written all the same */
}

static int l_write(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	size_t length;
	const char *bytes = luaL_checklstring(L, 2, &length);
	mode_t mode = (mode_t)luaL_checkinteger(L, 3);
	bool first = lua_toboolean(L, 4);
	char beside[PATH_MAX];
	int result = -1;

	if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside)
		return pa_native_fail(L, "io", "%s: the name is too long", path);
	int fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return fail(L, path);
	keep_owner(fd, path);
	if (fchmod(fd, mode) == 0 && write_all(fd, bytes, length) == 0 && fsync(fd) == 0)
		result = 0;
	int why = errno;
	if (close(fd) < 0 && result == 0) {
		why = errno;
		result = -1;
	}
	if (result == 0 && (first ? link(beside, path) : rename(beside, path)) < 0) {
		why = errno;
		result = -1;
	}
	if (result < 0 || first)
		unlink(beside);
	if (result < 0) {
		errno = why;
		return fail(L, path);
	}
	lua_pushboolean(L, 1);
	return 1;
}

/* The descriptor stays open: the process has the lock until it ends. */
static int l_lock(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(L, path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int why = errno;
		close(fd);
		errno = why;
		return why == EWOULDBLOCK ? pa_native_fail(L, "busy", "%s: another process has locked it", path)
								  : fail(L, path);
	}
	lua_pushboolean(L, 1);
	return 1;
}

static int l_make_folder(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	char part[PATH_MAX];

	if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
		return pa_native_fail(L, "io", "%s: the name is too long", path);
	for (char *slash = strchr(part + (part[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return fail(L, part);
		*slash = '/';
	}
	if (mkdir(part, 0700) < 0 && errno != EEXIST)
		return fail(L, part);
	lua_pushboolean(L, 1);
	return 1;
}

static int l_stat(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	struct stat status;

	if (stat(path, &status) < 0)
		return fail(L, path);
	lua_createtable(L, 0, 4);
	lua_pushstring(L, S_ISREG(status.st_mode) ? "file" : S_ISDIR(status.st_mode) ? "folder" : "other");
	lua_setfield(L, -2, "kind");
	lua_pushinteger(L, status.st_mode & 07777);
	lua_setfield(L, -2, "mode");
	lua_pushinteger(L, status.st_size);
	lua_setfield(L, -2, "size");
	lua_pushnumber(L, (lua_Number)status.st_mtim.tv_sec + (lua_Number)status.st_mtim.tv_nsec / 1e9);
	lua_setfield(L, -2, "mtime");
	return 1;
}

struct listing {
	struct dirent **entries;
	int count;
};

static void free_listing(void *held)
{
	struct listing *listing = held;

	for (int i = 0; i < listing->count; i++)
		free(listing->entries[i]);
	free(listing->entries);
}

static int is_shown(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int l_list(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	struct listing *listing = pa_native_box(L, sizeof *listing, free_listing);

	int count = scandir(path, &listing->entries, is_shown, by_bytes);
	if (count < 0)
		return fail(L, path);
	listing->count = count;
	lua_createtable(L, count, 0);
	for (int i = 0; i < count; i++) {
		lua_pushstring(L, listing->entries[i]->d_name);
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

static int l_real(lua_State *L)
{
	const char *path = pa_native_check_text(L, 1);
	char real[PATH_MAX];

	if (!realpath(path, real))
		return fail(L, path);
	lua_pushstring(L, real);
	return 1;
}

static int l_out(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);

	fwrite(text, 1, length, stdout);
	fflush(stdout);
	return 0;
}

/* Messages of commands quote what scripts and other servers said: masked as in the log (LG-01). */
static int l_err(lua_State *L)
{
	luaL_Buffer buffer;
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);
	char *masked = luaL_buffinitsize(L, &buffer, length);

	fwrite(masked, 1, pa_mask_apply(text, length, masked), stderr);
	fflush(stderr);
	return 0;
}

static int l_is_terminal(lua_State *L)
{
	static const char *const streams[] = {"in", "out", "err", NULL};

	lua_pushboolean(L, isatty(luaL_checkoption(L, 1, NULL, streams)));
	return 1;
}

/* run/signals blocks these signals: reading a line receives them here. */
static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* Why no line could be read. */
struct reason {
	const char *code, *text;
};

static const struct reason input_ended = {"end", "the input has ended"};
static const struct reason interrupted = {"interrupted", "a signal interrupted the input"};
static const struct reason line_too_long = {"too_long", "the line is too long"};
static const struct reason not_readable = {"io", "the input cannot be read"};

/* Reads byte by byte up to the end of the line: stdio would read more into a buffer of its own, and keep it. */
static const struct reason *read_line(int signals, char *line, size_t size)
{
	struct pollfd ready[] = {{.fd = signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	size_t length = 0;

	for (;;) {
		char byte;
		if (poll(ready, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return &not_readable;
		}
		if (ready[0].revents)
			return &interrupted;
		ssize_t got = read(STDIN_FILENO, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return &not_readable;
		if (got == 0 && length == 0)
			return &input_ended;
		if (got == 0 || byte == '\n')
			break;
		if (length + 1 == size)
			return &line_too_long;
		line[length++] = byte;
	}
	line[length] = '\0';
	line[strcspn(line, "\r")] = '\0';
	return NULL;
}

/* Switches echo off, and the keys that would stop the program (Ctrl-\, Ctrl-Z): the terminal would stay without echo.
 */
static bool hide_typing(struct termios *before)
{
	struct termios quiet;

	if (tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	quiet = *before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	quiet.c_cc[VQUIT] = quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
}

/* Prints the prompt after switching echo off: then even a fast answer is not shown. */
static int l_read_line(lua_State *L)
{
	const char *prompt = luaL_checkstring(L, 1);
	struct termios before;
	char line[4096];
	int signals = open_signals();

	if (signals < 0)
		return fail(L, "the terminal");
	bool hidden = lua_toboolean(L, 2) && hide_typing(&before);
	fputs(prompt, stderr);
	fflush(stderr);
	const struct reason *why = read_line(signals, line, sizeof line);
	if (hidden)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	close(signals);
	if (why) {
		explicit_bzero(line, sizeof line);
		return pa_native_fail(L, why->code, "%s", why->text);
	}
	lua_pushstring(L, line);
	explicit_bzero(line, sizeof line);
	return 1;
}

static int l_library(lua_State *L)
{
	lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_LIBRARY);
	return 1;
}

int pa_native_open_files(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"env", l_env},
		{"read", l_read},
		{"write", l_write},
		{"lock", l_lock},
		{"make_folder", l_make_folder},
		{"stat", l_stat},
		{"list", l_list},
		{"real", l_real},
		{"out", l_out},
		{"err", l_err},
		{"is_terminal", l_is_terminal},
		{"read_line", l_read_line},
		{"library", l_library},
		{NULL, NULL},
	};

	luaL_newlib(L, functions);
	return 1;
}
