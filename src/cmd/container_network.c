/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's network, where its manager made one: the address that the manager gave to an
 * interface in a namespace becomes the guest's. A bridge leads there from a tap, and nobody here
 * has the address any more; all ports of the container's are the guest's, whoever forwards what
 * to them. Who does so from within the namespace, as rootless podman, finds the guest by the
 * bridge, which has an address of its own for that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/container.h"

#define BRIDGE "papyr-bridge"
#define TAP    "papyr0"

/* What was given to an interface. */
struct outlet {
	char name[IF_NAMESIZE];
	struct in_addr address, mask, gateway;
	int mtu;
};

static bool is_outlet(const struct ifaddrs *a)
{
	return a->ifa_addr && a->ifa_addr->sa_family == AF_INET && a->ifa_netmask &&
	       (a->ifa_flags & IFF_UP) && !(a->ifa_flags & IFF_LOOPBACK) &&
	       strcmp(a->ifa_name, BRIDGE);
}

/* The first that has an address; false: there is none. */
static bool find_outlet(struct outlet *o)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		return false;
	for (a = all; a && !is_outlet(a);)
		a = a->ifa_next;
	if (a) {
		*o = (struct outlet){.address = ((struct sockaddr_in *)a->ifa_addr)->sin_addr,
				     .mask = ((struct sockaddr_in *)a->ifa_netmask)->sin_addr};
		snprintf(o->name, sizeof(o->name), "%s", a->ifa_name);
	}
	freeifaddrs(all);
	return a;
}

/* Where all goes that is for elsewhere; 0.0.0.0: nowhere. */
static void find_gateway(struct outlet *o)
{
	char line[256], name[IF_NAMESIZE];
	u32 to, gateway, mask;
	FILE *f = fopen("/proc/self/net/route", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s %x %x %*x %*d %*d %*d %x", name, &to, &gateway, &mask) ==
			4 &&
		    !to && !mask && !strcmp(name, o->name))
			o->gateway.s_addr = gateway;
	if (f)
		fclose(f);
}

static int set_up(int s, const char *name)
{
	struct ifreq r = {0};

	strcpy(r.ifr_name, name);
	if (ioctl(s, SIOCGIFFLAGS, &r))
		return -1;
	r.ifr_flags |= IFF_UP;
	return ioctl(s, SIOCSIFFLAGS, &r);
}

static int join(int s, const char *name)
{
	struct ifreq r = {.ifr_ifindex = (int)if_nametoindex(name)};

	strcpy(r.ifr_name, BRIDGE);
	return ioctl(s, SIOCBRADDIF, &r);
}

/* It is there until somebody removes it: papyr run opens it by its name. */
static int make_tap(void)
{
	struct ifreq r = {.ifr_name = TAP, .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), failed;

	if (fd < 0)
		return -1;
	failed = ioctl(fd, TUNSETIFF, &r) || ioctl(fd, TUNSETPERSIST, 1);
	close(fd);
	return failed ? -1 : 0;
}

static void set_address(struct sockaddr *to, struct in_addr address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = address};

	memcpy(to, &in, sizeof(in));
}

/* Its routes go with it. */
static int take_address(int s, const struct outlet *o)
{
	struct ifreq r = {.ifr_addr.sa_family = AF_INET};

	strcpy(r.ifr_name, o->name);
	return ioctl(s, SIOCSIFADDR, &r);
}

/* From this namespace the guest is reached, too. */
static int be_neighbour(int s, const struct outlet *o)
{
	static char bridge[] = BRIDGE;
	struct ifreq r = {.ifr_name = BRIDGE};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = bridge};

	set_address(&r.ifr_addr, (struct in_addr){inet_addr(AGENT_NEIGHBOUR)});
	if (ioctl(s, SIOCSIFADDR, &r))
		return -1;
	set_address(&r.ifr_addr, (struct in_addr){INADDR_BROADCAST}); /* it alone */
	set_address(&route.rt_dst, o->address);
	return ioctl(s, SIOCSIFNETMASK, &r) || ioctl(s, SIOCADDRT, &route) ? -1 : 0;
}

static int lead(const struct outlet *o)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), failed;

	failed = s < 0 || ioctl(s, SIOCBRADDBR, BRIDGE) || make_tap() || join(s, o->name) ||
		 join(s, TAP) || set_up(s, BRIDGE) || set_up(s, TAP) || take_address(s, o) ||
		 be_neighbour(s, o);
	if (s >= 0)
		close(s);
	return failed ? -1 : 0;
}

static int find_mtu(struct outlet *o)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), failed;
	struct ifreq r = {0};

	strcpy(r.ifr_name, o->name);
	failed = s < 0 || ioctl(s, SIOCGIFMTU, &r);
	o->mtu = r.ifr_mtu;
	if (s >= 0)
		close(s);
	return failed;
}

static int use_outlet(struct exec_options *e, struct outlet *o, struct error *err)
{
	static char words[64];
	char address[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];

	find_gateway(o);
	if (find_mtu(o) || lead(o))
		return error_errno(err,
				   "a guest can't be led to the network's %s by a bridge and a tap "
				   "(modprobe bridge tun; or --network host)",
				   o->name);
	inet_ntop(AF_INET, &o->address, address, sizeof(address));
	inet_ntop(AF_INET, &o->gateway, gateway, sizeof(gateway));
	snprintf(words, sizeof(words), "%s/%d %s %d", address, __builtin_popcount(o->mask.s_addr),
		 gateway, o->mtu);
	e->net = "tap:" TAP ",bus=virtio";
	e->address = words;
	return 0;
}

int container_enter_network(struct container_config *c, struct error *err)
{
	int fd = open(c->network, O_RDONLY | O_CLOEXEC), failed;
	struct outlet outlet;

	if (fd < 0)
		return error_errno(err, "%s", c->network);
	failed = setns(fd, CLONE_NEWNET);
	close(fd);
	if (failed)
		return error_errno(err, "network namespace %s", c->network);
	return find_outlet(&outlet) ? use_outlet(&c->exec, &outlet, err) : 0;
}
