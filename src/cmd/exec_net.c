/* SPDX-License-Identifier: Apache-2.0 */
/* The network of papyr exec, --net and -p, in the words of papyr run's --net. */
#include "cmd/exec_net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static struct {
	bool none;	   /* --net none */
	const char *given; /* --net's words, if any */
	char ports[2048];  /* -p's, each with a comma ahead */
} net;

#define wrong(...) (cmd_usage("exec", __VA_ARGS__), EXEC_FAILED)

int exec_net_take(const char *words)
{
	net.none = !strcmp(words, "none");
	net.given = words;
	if (!net.none && (strncmp(words, "user", 4) || (words[4] && words[4] != ',')))
		return wrong("--net %s: there are user and none", words);
	return 0;
}

/* Cuts [ADDR:]HOSTPORT:GUESTPORT into its words. */
static bool parse(char *s, const char **address, u64 *here, u64 *there)
{
	char *last = strrchr(s, ':'), *before;
	struct in_addr number;

	if (!last)
		return false;
	*last = 0;
	before = strrchr(s, ':');
	if (before)
		*before = 0;
	*address = before ? s : "";
	return (!before || inet_pton(AF_INET, s, &number) == 1) &&
	       parse_uint(before ? before + 1 : s, 1, 65535, here) &&
	       parse_uint(last + 1, 1, 65535, there);
}

/* How many a card may have is papyr run's to say. */
int exec_net_publish(const char *ports)
{
	char copy[64], *protocol;
	size_t n = strlen(net.ports);
	const char *address;
	u64 here, there;

	snprintf(copy, sizeof(copy), "%s", ports);
	protocol = strchr(copy, '/');
	if (protocol)
		*protocol++ = 0;
	if (strlen(ports) >= sizeof(copy) ||
	    (protocol && strcmp(protocol, "tcp") && strcmp(protocol, "udp")) ||
	    !parse(copy, &address, &here, &there))
		return wrong("-p %s: not [ADDRESS:]PORT:PORT, the host's port and the guest's, "
			     "maybe with /udp behind; ADDRESS is an IPv4 address of the host's",
			     ports);
	if (n + 64 > sizeof(net.ports))
		return wrong("-p %s: there are too many", ports);
	snprintf(net.ports + n, sizeof(net.ports) - n, ",forward=%s:%s:%u-:%u",
		 protocol ? protocol : "tcp", address, (unsigned)here, (unsigned)there);
	return 0;
}

/* Ports alone want a network. */
int exec_net_words(const char **words)
{
	static char all[sizeof(net.ports) + 512];
	int n;

	*words = NULL;
	if (*net.ports && net.none)
		return wrong("-p wants a network, and --net none has none");
	if (net.none || (!net.given && !*net.ports))
		return 0;
	n = snprintf(all, sizeof(all), "%s%s,bus=virtio", net.given ? net.given : "user",
		     net.ports);
	if (n >= (int)sizeof(all))
		return wrong("--net %s: too long", net.given);
	*words = all;
	return 0;
}
