/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network card: of papyr run's --net user, with what its DHCP server would say, or with what
 * the host says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "agent/agent.h"

#define NAME_SERVER "10.0.2.3"

/* What the card gets. */
struct card {
	char hardware[18]; /* "02:00:00:00:00:01", or nothing */
	char address[16], gateway[16];
	unsigned prefix;
	int mtu; /* 0: it is of the user network */
};

static const struct card of_user_network = {
    .address = "10.0.2.15", .prefix = 24, .gateway = "10.0.2.2"};

/* False: @words are none. */
static bool parse(struct card *c, const char *words)
{
	const char *rest = strchr(words, ' ');

	*c = of_user_network;
	snprintf(c->hardware, sizeof(c->hardware), "%.*s", (int)strcspn(words, " "), words);
	return !rest || (sscanf(rest, " %15[0-9.]/%u %15[0-9.] %d", c->address, &c->prefix,
				c->gateway, &c->mtu) == 4 &&
			 c->prefix <= 32 && c->mtu > 0);
}

static void set_address(struct sockaddr *to, const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address)};

	memcpy(to, &in, sizeof(in));
}

static bool bring_up(int fd, const char *card)
{
	struct ifreq r = {0};

	strcpy(r.ifr_name, card);
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		return false;
	r.ifr_flags |= IFF_UP;
	return !ioctl(fd, SIOCSIFFLAGS, &r);
}

static bool set_hardware_address(int fd, const char *card, const char *address)
{
	struct ifreq r = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
	unsigned char *b = (unsigned char *)r.ifr_hwaddr.sa_data;

	strcpy(r.ifr_name, card);
	return sscanf(address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4,
		      b + 5) == 6 &&
	       !ioctl(fd, SIOCSIFHWADDR, &r);
}

static bool set_mtu(int fd, const char *card, int mtu)
{
	struct ifreq r = {.ifr_mtu = mtu};

	strcpy(r.ifr_name, card);
	return !ioctl(fd, SIOCSIFMTU, &r);
}

static bool add_route(int fd, char *card, const char *gateway)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = card};

	set_address(&route.rt_dst, "0.0.0.0");
	set_address(&route.rt_genmask, "0.0.0.0");
	set_address(&route.rt_gateway, gateway);
	return !ioctl(fd, SIOCADDRT, &route);
}

static bool add_neighbour(int fd, char *card)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = card};

	set_address(&route.rt_dst, AGENT_NEIGHBOUR);
	return !ioctl(fd, SIOCADDRT, &route);
}

#define MTU_USUAL 1500

static bool set_up_card(int fd, char *card, const struct card *c)
{
	struct in_addr bits = {htonl(c->prefix ? ~0u << (32 - c->prefix) : 0)};
	struct ifreq address = {0}, mask = {0};

	strcpy(address.ifr_name, card);
	strcpy(mask.ifr_name, card);
	set_address(&address.ifr_addr, c->address);
	set_address(&mask.ifr_netmask, inet_ntoa(bits));
	if (*c->hardware && !set_hardware_address(fd, card, c->hardware))
		return false;
	if (c->mtu && c->mtu < MTU_USUAL && !set_mtu(fd, card, c->mtu))
		return false;
	return !ioctl(fd, SIOCSIFADDR, &address) && !ioctl(fd, SIOCSIFNETMASK, &mask) &&
	       bring_up(fd, card) && (!c->mtu || add_neighbour(fd, card)) &&
	       (!strcmp(c->gateway, "0.0.0.0") || add_route(fd, card, c->gateway));
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

int network_start(const char *words, char *why, size_t bytes)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char card[] = "eth0";
	struct card c;
	bool good = fd >= 0 && bring_up(fd, "lo");

	if (good && words) {
		errno = EINVAL;
		good = parse(&c, words) && set_up_card(fd, card, &c);
	}
	if (!good)
		snprintf(why, bytes, "the network: %s", strerror(errno));
	close(fd);
	/* Others' networks have name servers that are known to whoever made the root. */
	if (good && words && !strchr(words, ' '))
		name_server();
	return good ? 0 : -1;
}
