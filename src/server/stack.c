/*
 * Replaces the C library's pthread_attr_setstacksize by one with a minimum of 1 MiB. Debian's civetweb gives its
 * workers 100 KiB: some hundred nested calls of the JSON decoder or of gsub would overflow such a stack and end the
 * process. The executable exports this function, so that the dynamic linker gives it to the shared library of civetweb.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

enum { STACK_MIN = 1 << 20 };

typedef int setter(pthread_attr_t *, size_t);

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's own names are reserved */
__attribute__((visibility("default"))) int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
	union {
		void *symbol;
		setter *function;
	} next = {dlsym(RTLD_NEXT, "pthread_attr_setstacksize")};

	if (!next.symbol)
		return EINVAL;
	return next.function(attributes, size < STACK_MIN ? STACK_MIN : size);
}
