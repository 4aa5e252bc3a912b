/* SS-03: no special-purpose address passes for a public one. Four or sixteen bytes are an address. */
#include "client/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "fuzz/check.h"

/* The registries of IANA for IPv4 and IPv6 special-purpose addresses, and multicast, as text. */
static const char *const special4[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", NULL};
static const char *const special6[] = {"::1/128", "::/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
	"2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", NULL};

/* Prefixes after which an IPv4 address follows. */
static const char *const embedding6[] = {"::/96", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", NULL};

static bool has_prefix(int family, const uint8_t *address, const char *text, int *bits)
{
	uint8_t prefix[16];
	char copy[64];

	snprintf(copy, sizeof copy, "%s", text);
	char *slash = strchr(copy, '/');
	*slash = '\0';
	*bits = atoi(slash + 1);
	CHECK(inet_pton(family, copy, prefix) == 1, "%s", text);
	for (int i = 0; i < *bits; i++)
		if ((address[i / 8] ^ prefix[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static bool is_special(int family, const uint8_t *address)
{
	int bits;

	for (const char *const *row = family == AF_INET ? special4 : special6; *row; row++)
		if (has_prefix(family, address, *row, &bits))
			return true;
	for (const char *const *row = embedding6; family == AF_INET6 && *row; row++)
		if (has_prefix(family, address, *row, &bits))
			return is_special(AF_INET, address + bits / 8);
	return false;
}

static bool is_private(int family, const uint8_t *bytes)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memcpy(&v4.sin_addr, bytes, 4);
	if (family == AF_INET)
		return pa_address_is_private((const struct sockaddr *)&v4);
	memcpy(&v6.sin6_addr, bytes, 16);
	return pa_address_is_private((const struct sockaddr *)&v6);
}

static void check(int family, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, bytes, text, sizeof text);
	CHECK(is_private(family, bytes) || !is_special(family, bytes), "%s is special", text);
	/* Everything else in global unicast (2000::/3) is public, or calls to it would fail without a reason. */
	if (family == AF_INET || (bytes[0] & 0xe0) == 0x20)
		CHECK(!is_private(family, bytes) || is_special(family, bytes), "%s is not special", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 4)
		check(AF_INET, data);
	if (size >= 16)
		check(AF_INET6, data);
	return 0;
}
