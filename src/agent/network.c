/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network cards: of papyr run's --net user, with what its DHCP server would say, or with what
 * the host says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "agent/agent.h"

#define NAME_SERVER "10.0.2.3"

/* One that is being set up. */
struct card {
	int fd, fd6; /* sockets to ask by; the second is there once an IPv6 address was */
	unsigned number;
	unsigned char addresses; /* of IPv4 */
	char name[16];
};

static void set_address(struct sockaddr *to, const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address)};

	memcpy(to, &in, sizeof(in));
}

static bool bring_up(int fd, const char *name)
{
	struct ifreq r = {0};

	strcpy(r.ifr_name, name);
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		return false;
	r.ifr_flags |= IFF_UP;
	return !ioctl(fd, SIOCSIFFLAGS, &r);
}

static bool set_hardware_address(const struct card *c, const char *address)
{
	struct ifreq r = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
	unsigned char *b = (unsigned char *)r.ifr_hwaddr.sa_data;

	strcpy(r.ifr_name, c->name);
	errno = EINVAL;
	return sscanf(address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4,
		      b + 5) == 6 &&
	       !ioctl(c->fd, SIOCSIFHWADDR, &r);
}

static bool set_mtu(const struct card *c, int mtu)
{
	struct ifreq r = {.ifr_mtu = mtu};

	strcpy(r.ifr_name, c->name);
	return !ioctl(c->fd, SIOCSIFMTU, &r);
}

/* The lower number is the better way. */
static bool add_gateway(struct card *c, const char *gateway)
{
	struct rtentry route = {
	    .rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = c->name, .rt_metric = c->number + 1};

	set_address(&route.rt_dst, "0.0.0.0");
	set_address(&route.rt_genmask, "0.0.0.0");
	set_address(&route.rt_gateway, gateway);
	return !ioctl(c->fd, SIOCADDRT, &route);
}

static bool add_neighbour(struct card *c, const char *address)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = c->name};

	set_address(&route.rt_dst, address);
	return !ioctl(c->fd, SIOCADDRT, &route);
}

/* Those behind the first have names of their own. */
static bool add_ipv4(struct card *c, const char *address, unsigned prefix)
{
	struct in_addr bits = {htonl(prefix ? ~0u << (32 - prefix) : 0)};
	struct ifreq r = {0};

	if (c->addresses)
		snprintf(r.ifr_name, sizeof(r.ifr_name), "%.8s:%u", c->name, c->addresses);
	else
		strcpy(r.ifr_name, c->name);
	c->addresses++;
	set_address(&r.ifr_addr, address);
	if (ioctl(c->fd, SIOCSIFADDR, &r))
		return false;
	set_address(&r.ifr_netmask, inet_ntoa(bits));
	return !ioctl(c->fd, SIOCSIFNETMASK, &r);
}

/* Nobody else has its addresses, so they are good at once, not when nobody has answered. */
static void ask_nobody(const struct card *c)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_dad", c->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "0", 1) < 0)
		boot_say("%s: %s", path, strerror(errno));
	close(fd);
}

static bool add_ipv6(struct card *c, const struct in6_addr *address, unsigned prefix)
{
	struct in6_ifreq r = {.ifr6_addr = *address,
			      .ifr6_prefixlen = prefix,
			      .ifr6_ifindex = (int)if_nametoindex(c->name)};

	if (c->fd6 < 0)
		c->fd6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return c->fd6 >= 0 && !ioctl(c->fd6, SIOCSIFADDR, &r);
}

#define IPV6_METRIC 1024u /* what routes have that nobody gave one */

static bool add_gateway6(const struct card *c, const char *gateway)
{
	struct in6_rtmsg route = {.rtmsg_flags = RTF_UP | RTF_GATEWAY,
				  .rtmsg_metric = IPV6_METRIC + c->number,
				  .rtmsg_ifindex = (int)if_nametoindex(c->name)};

	errno = EINVAL;
	return inet_pton(AF_INET6, gateway, &route.rtmsg_gateway) == 1 &&
	       !ioctl(c->fd6, SIOCADDRT, &route);
}

/* @address is ADDRESS/PREFIX, of which the slash goes; @gateway "-": there is none. */
static bool add_address(struct card *c, char *address, const char *gateway)
{
	char *slash = address ? strchr(address, '/') : NULL;
	unsigned prefix = slash ? (unsigned)atoi(slash + 1) : 0;
	struct in_addr in;
	struct in6_addr in6;

	errno = EINVAL;
	if (!slash || !gateway)
		return false;
	*slash = 0;
	if (inet_pton(AF_INET, address, &in) == 1 && prefix <= 32)
		return add_ipv4(c, address, prefix) &&
		       (!strcmp(gateway, "-") || add_gateway(c, gateway));
	return inet_pton(AF_INET6, address, &in6) == 1 && prefix <= 128 &&
	       add_ipv6(c, &in6, prefix) && (!strcmp(gateway, "-") || add_gateway6(c, gateway));
}

#define MTU_USUAL 1500

/* A card of a network of somebody's. @rest: what is behind the hardware address. */
static bool set_up_foreign(struct card *c, char **rest)
{
	const char *mtu = strtok_r(NULL, " ", rest), *neighbour = strtok_r(NULL, " ", rest);
	char *address;

	errno = EINVAL;
	if (!mtu || !neighbour || atoi(mtu) <= 0)
		return false;
	if (atoi(mtu) < MTU_USUAL && !set_mtu(c, atoi(mtu)))
		return false;
	ask_nobody(c);
	if (!bring_up(c->fd, c->name))
		return false;
	while ((address = strtok_r(NULL, " ", rest)))
		if (!add_address(c, address, strtok_r(NULL, " ", rest)))
			return false;
	return !strcmp(neighbour, "-") || add_neighbour(c, neighbour);
}

static bool set_up_card(int fd, unsigned number, char *words)
{
	struct card c = {.fd = fd, .fd6 = -1, .number = number};
	char *rest, *hardware = strtok_r(words, " ", &rest), of_user_network[] = "10.0.2.15/24";
	bool foreign = hardware && *rest, good;

	snprintf(c.name, sizeof(c.name), "eth%u", number);
	errno = EINVAL;
	if (!hardware)
		return false;
	if (strcmp(hardware, "-") && !set_hardware_address(&c, hardware))
		return false;
	good = foreign ? set_up_foreign(&c, &rest)
		       : bring_up(fd, c.name) && add_address(&c, of_user_network, "10.0.2.2");
	if (c.fd6 >= 0)
		close(c.fd6);
	return good;
}

/*
 * Over the root's own, which stays as it is. That may be a link to what isn't there: the link
 * itself is covered, as mount() can't.
 */
static void name_server(void)
{
	static const char line[] = "nameserver " NAME_SERVER "\n";
	int fd = open("/run/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), tree;

	if (fd < 0 || write(fd, line, sizeof(line) - 1) < 0)
		return;
	close(fd);
	fd = open("/etc/resolv.conf", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	tree = open_tree(AT_FDCWD, "/run/resolv.conf", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || move_mount(tree, "", AT_FDCWD, "/etc/resolv.conf", MOVE_MOUNT_F_EMPTY_PATH))
		boot_say("/etc/resolv.conf: %s", strerror(errno));
	close(tree);
}

int network_start(char *const *cards, unsigned n, char *why, size_t bytes)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Others' networks have name servers that are known to whoever made the root. */
	bool good = fd >= 0 && bring_up(fd, "lo"), ours = n && !strchr(cards[0], ' ');

	for (unsigned i = 0; good && i < n; i++)
		good = set_up_card(fd, i, cards[i]);
	if (!good)
		snprintf(why, bytes, "the network: %s", strerror(errno));
	close(fd);
	if (good && ours)
		name_server();
	return good ? 0 : -1;
}
