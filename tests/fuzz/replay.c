/* Runs a target on the files of folders, which are its arguments, and prints TAP: for builds without libFuzzer. */
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include "fuzz/check.h"

static char name[512];
static int number;

/* A failed check has aborted. */
static void tell(int signal_number)
{
	static const char failed[] = "not ok 1 - ";
	ssize_t ignored = write(STDOUT_FILENO, failed, sizeof failed - 1);

	ignored = write(STDOUT_FILENO, name, strlen(name));
	ignored = write(STDOUT_FILENO, "\n", 1);
	(void)ignored;
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* The bytes of the file called `name`, in memory of exactly that size, so that a sanitizer sees a read past its end. */
static void run_file(void)
{
	FILE *file = fopen(name, "rb");
	uint8_t *bytes;

	if (!file || fseek(file, 0, SEEK_END) < 0) {
		perror(name);
		exit(1);
	}
	size_t size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(size > 0 ? size : 1);
	if (!bytes || fread(bytes, 1, size, file) != size) {
		fprintf(stderr, "%s cannot be read\n", name);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	printf("ok %d - %s\n", ++number, name);
	fflush(stdout);
}

static int is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_seed, alphasort);

	if (count <= 0) {
		fprintf(stderr, "%s has no files\n", folder);
		exit(1);
	}
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof name, "%s/%s", folder, entries[i]->d_name);
		run_file();
		free(entries[i]);
	}
	free(entries);
}

int main(int count, char **arguments)
{
	signal(SIGABRT, tell);
	for (int i = 1; i < count; i++)
		run_folder(arguments[i]);
	if (number == 0)
		fprintf(stderr, "usage: replay FOLDER…\n");
	return number > 0 ? 0 : 2;
}
