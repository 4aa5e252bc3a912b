/*
 * Preloaded into a program: makes some allocations in a row fail. The file that FAIL_ALLOCATION names is shared with
 * the test: three numbers of 64 bits. The first is how many allocations there are until the last one that fails; the
 * program counts it down, and 0 is "none". The second is how many fail, the third counts those that did.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct shared {
	_Atomic uint64_t left, wanted, failed;
};

static struct shared *_Atomic shared;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

__attribute__((constructor)) static void open_shared(void)
{
	const char *path = getenv("FAIL_ALLOCATION");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		abort(); /* the test would prove nothing */
	void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		abort();
	atomic_store(&shared, at);
}

/* Whether this allocation is one of them. */
static int fails(void)
{
	struct shared *found = atomic_load(&shared);

	if (!found)
		return 0;
	uint64_t left = atomic_load(&found->left);
	while (left > 0 && !atomic_compare_exchange_weak(&found->left, &left, left - 1))
		;
	if (left == 0 || left > atomic_load(&found->wanted))
		return 0;
	atomic_fetch_add(&found->failed, 1);
	errno = ENOMEM;
	return 1;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *block, size_t size)
{
	return fails() ? NULL : __libc_realloc(block, size);
}
