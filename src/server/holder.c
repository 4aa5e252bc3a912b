/* Reads /proc: the socket's inode from net/tcp, then the process that has it among its descriptors. */
#include "server/holder.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTENS = 0x0A }; /* the state TCP_LISTEN in /proc/net/tcp */

/* Whether a socket with that local address keeps others from listening at `wanted`. Both as in struct in_addr. */
static bool overlaps(uint32_t wanted, uint32_t address)
{
	return wanted == address || wanted == INADDR_ANY || address == INADDR_ANY;
}

/* The words of a line of /proc/net/tcp and tcp6. */
enum { LOCAL = 1, STATE = 3, USER = 7, INODE = 9, WORDS };

/* Reads a line, which is changed. Of an IPv6 address only the last 32 bits count: an IPv4 address in it, or 0. */
static bool read_line(char *line, const struct sockaddr_in *wanted, struct pa_holder *holder, unsigned long *inode)
{
	char *words[WORDS], *rest = line;

	for (int i = 0; i < WORDS; i++) {
		words[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
		if (!words[i])
			return false;
	}
	char *colon = strchr(words[LOCAL], ':');
	if (!colon || colon - words[LOCAL] < 8)
		return false;
	*colon = '\0';
	uint32_t address = (uint32_t)strtoul(colon - 8, NULL, 16);
	unsigned long port = strtoul(colon + 1, NULL, 16), state = strtoul(words[STATE], NULL, 16);
	holder->user = (uid_t)strtoul(words[USER], NULL, 10);
	*inode = strtoul(words[INODE], NULL, 10);
	return state == LISTENS && port == ntohs(wanted->sin_port) && overlaps(wanted->sin_addr.s_addr, address);
}

static bool find_socket(
	const char *table, const struct sockaddr_in *wanted, struct pa_holder *holder, unsigned long *inode)
{
	FILE *file = fopen(table, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof line, file))
		found = read_line(line, wanted, holder, inode);
	if (file)
		fclose(file);
	return found;
}

/* Whether a process has the socket with that inode. False when this user may not see its descriptors. */
static bool has_socket(const char *pid, unsigned long inode)
{
	char path[300], wanted[64], target[64];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
		target[length > 0 ? length : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	if (folder)
		closedir(folder);
	return found;
}

/* A folder may have any bytes in its name, and the message is for a terminal. */
static void replace_control_bytes(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void describe(const char *pid, struct pa_holder *holder)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file && fgets(holder->name, sizeof holder->name, file))
		holder->name[strcspn(holder->name, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(path, sizeof path, "/proc/%s/cwd", pid);
	ssize_t length = readlink(path, holder->folder, sizeof holder->folder - 1);
	holder->folder[length > 0 ? length : 0] = '\0';
	replace_control_bytes(holder->name);
	replace_control_bytes(holder->folder);
	holder->pid = (pid_t)strtol(pid, NULL, 10);
}

bool pa_holder_find(const struct sockaddr_in *address, struct pa_holder *holder)
{
	unsigned long inode;

	*holder = (struct pa_holder){0};
	if (!find_socket("/proc/net/tcp", address, holder, &inode) &&
		!find_socket("/proc/net/tcp6", address, holder, &inode))
		return false;
	DIR *folder = opendir("/proc");
	for (struct dirent *entry; folder && holder->pid == 0 && (entry = readdir(folder));)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && has_socket(entry->d_name, inode))
			describe(entry->d_name, holder);
	if (folder)
		closedir(folder);
	return true;
}
