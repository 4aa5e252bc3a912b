/* Special-purpose addresses (RFC 6890 and the IANA registries it names). */
#include "client/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool is_private4(uint32_t address)
{
	static const struct {
		uint32_t network;
		int bits;
	} ranges[] = {
		{0x00000000, 8},  /* this network */
		{0x0a000000, 8},  /* private */
		{0x64400000, 10}, /* carrier-grade NAT */
		{0x7f000000, 8},  /* loopback */
		{0xa9fe0000, 16}, /* link-local, cloud metadata */
		{0xac100000, 12}, /* private */
		{0xc0000000, 24}, /* protocol assignments */
		{0xc0000200, 24}, /* documentation */
		{0xc0586300, 24}, /* 6to4 relays */
		{0xc0a80000, 16}, /* private */
		{0xc6120000, 15}, /* benchmarks */
		{0xc6336400, 24}, /* documentation */
		{0xcb007100, 24}, /* documentation */
		{0xe0000000, 3},  /* multicast and reserved */
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if ((address ^ ranges[i].network) >> (32 - ranges[i].bits) == 0)
			return true;
	return false;
}

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool is_private6(const uint8_t *address)
{
	static const uint8_t zero[12], mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	if (memcmp(address, mapped, 12) == 0 || memcmp(address, nat64, 12) == 0 || memcmp(address, zero, 12) == 0)
		return is_private4(read32(address + 12)); /* an IPv4 address inside; :: and ::1 are in 0.0.0.0/8 */
	if (address[0] == 0x00 && address[1] == 0x64)
		return true; /* local-use NAT64 */
	if (address[0] == 0x20 && address[1] == 0x02)
		return is_private4(read32(address + 2)); /* 6to4 */
	if (address[0] == 0x20 && address[1] == 0x01 && address[2] < 0x02)
		return true; /* Teredo and other protocol assignments */
	if (read32(address) == 0x20010db8 || (address[0] == 0x3f && address[1] == 0xff && address[2] < 0x10))
		return true;                    /* documentation */
	return (address[0] & 0xe0) != 0x20; /* outside global unicast */
}

bool pa_address_is_private(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_private4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_private6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
	return true;
}

bool pa_address_is_private_text(const char *ip)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		return pa_address_is_private((struct sockaddr *)&v4);
	return inet_pton(AF_INET6, ip, &v6.sin6_addr) != 1 || pa_address_is_private((struct sockaddr *)&v6);
}
