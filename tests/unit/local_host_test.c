/* Hosts that a web page from elsewhere cannot have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/local_host.h"

static void OP_07_names_that_are_not_public_and_addresses_are_local(void **state)
{
	static const char *const local[] = {"sandbox", "segment-sandbox", "my_sandbox", "s1", "172.17.0.2", "10.0.0.1",
		"[::1]", "[fd00::1]", "host.docker.internal", "sandbox.default.svc.cluster.local", "sandbox.test",
		"printer.local", "sandbox.localhost", "nas.home.arpa"};
	static const char *const public[] = {"example.com", "evil.example", "sandbox.", "sandbox.com",
		"internal.example.com", "local.evil.com", "127.0.0.1.nip.io", "localtest.me", ".local", "", "notinternal.",
		"evil-internal.com", "172.17.0.2.evil.com", "a.homexarpa"};

	(void)state;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		if (!pa_local_host_is(pa_text_span(local[i])))
			fail_msg("%s is not local", local[i]);
	for (size_t i = 0; i < sizeof public / sizeof *public; i++)
		if (pa_local_host_is(pa_text_span(public[i])))
			fail_msg("%s is local", public[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(OP_07_names_that_are_not_public_and_addresses_are_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
