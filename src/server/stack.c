/*
 * Stands in front of the C library's pthread_attr_setstacksize, so that civetweb's workers get stacks that Lua can live
 * on: Debian's civetweb asks for 100 KiB, where some hundred nested calls of the JSON decoder or of gsub end the
 * process. The executable exports it, so the shared library finds ours first.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

enum { STACK_MIN = 1 << 20 };

typedef int setter(pthread_attr_t *, size_t);

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): those of the C library are reserved */
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
