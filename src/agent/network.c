/* SPDX-License-Identifier: Apache-2.0 */
/* The network that papyr run's --net user is: what its DHCP server would say. */
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

#define ADDRESS	    "10.0.2.15"
#define MASK	    "255.255.255.0"
#define GATEWAY	    "10.0.2.2"
#define NAME_SERVER "10.0.2.3"

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

/* "02:00:00:00:00:01" */
static bool set_hardware_address(int fd, const char *card, const char *address)
{
	struct ifreq r = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
	unsigned char *b = (unsigned char *)r.ifr_hwaddr.sa_data;

	strcpy(r.ifr_name, card);
	return sscanf(address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4,
		      b + 5) == 6 &&
	       !ioctl(fd, SIOCSIFHWADDR, &r);
}

static bool set_up_card(int fd, char *card, const char *own)
{
	struct ifreq address = {0}, mask = {0};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = card};

	strcpy(address.ifr_name, card);
	strcpy(mask.ifr_name, card);
	set_address(&address.ifr_addr, ADDRESS);
	set_address(&mask.ifr_netmask, MASK);
	set_address(&route.rt_dst, "0.0.0.0");
	set_address(&route.rt_genmask, "0.0.0.0");
	set_address(&route.rt_gateway, GATEWAY);
	if (*own && !set_hardware_address(fd, card, own))
		return false;
	return !ioctl(fd, SIOCSIFADDR, &address) && !ioctl(fd, SIOCSIFNETMASK, &mask) &&
	       bring_up(fd, card) && !ioctl(fd, SIOCADDRT, &route);
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

int network_start(const char *own, char *why, size_t bytes)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char card[] = "eth0";
	bool good = fd >= 0 && bring_up(fd, "lo") && (!own || set_up_card(fd, card, own));

	if (!good)
		snprintf(why, bytes, "the network: %s", strerror(errno));
	close(fd);
	if (own)
		name_server();
	return good ? 0 : -1;
}
