/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's networks, where its manager made some: the addresses that the manager gave to an
 * interface in a namespace, of IPv4 and IPv6, become those of a card of the guest's, one card for
 * each interface. A bridge leads there from a tap, and nobody here has the addresses any more; all
 * ports of the container's are the guest's, whoever forwards what to them. Who does so from within
 * the namespace, as rootless podman, finds the guest's IPv4 address by the bridge, which has an
 * address of its own for that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/container.h"

#define BRIDGE	   "papyr-bridge" /* and its number, as TAP */
#define TAP	   "papyr"
#define NEIGHBOURS "169.254.1." /* the bridges' own, from 1 on */

#define ADDRESSES_MAX 8

/* An address that an interface has, and where all goes from it that is for elsewhere. */
struct outlet_address {
	int family;
	unsigned prefix;
	union {
		struct in_addr in;
		struct in6_addr in6;
	} address, gateway;
	bool has_gateway;
};

struct outlet {
	char name[IF_NAMESIZE], bridge[IF_NAMESIZE], tap[IF_NAMESIZE];
	unsigned number, n_addresses;
	struct outlet_address addresses[ADDRESSES_MAX];
	int mtu;
};

/* ---- What there is ---- */

static unsigned count_bits(const void *mask, size_t bytes)
{
	const u8 *b = mask;
	unsigned n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += (unsigned)__builtin_popcount(b[i]);
	return n;
}

/* False: it is none that matters elsewhere. */
static bool read_address(struct outlet_address *p, const struct ifaddrs *a)
{
	const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr, *mask6 = (void *)a->ifa_netmask;
	const struct sockaddr_in *in = (const void *)a->ifa_addr, *mask = (void *)a->ifa_netmask;

	if (!a->ifa_addr || !a->ifa_netmask || !(a->ifa_flags & IFF_UP))
		return false;
	*p = (struct outlet_address){.family = a->ifa_addr->sa_family};
	if (p->family == AF_INET) {
		p->address.in = in->sin_addr;
		p->prefix = count_bits(&mask->sin_addr, sizeof(mask->sin_addr));
	} else if (p->family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)) {
		p->address.in6 = in6->sin6_addr;
		p->prefix = count_bits(&mask6->sin6_addr, sizeof(mask6->sin6_addr));
	} else {
		return false;
	}
	return true;
}

static void find_gateway4(struct outlet_address *p, const char *interface)
{
	char line[256], name[IF_NAMESIZE];
	u32 to, gateway, mask;
	FILE *f = fopen("/proc/self/net/route", "re");

	while (f && !p->has_gateway && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s %x %x %*x %*d %*d %*d %x", name, &to, &gateway, &mask) ==
			4 &&
		    !to && !mask && gateway && !strcmp(name, interface)) {
			p->gateway.in.s_addr = gateway;
			p->has_gateway = true;
		}
	if (f)
		fclose(f);
}

/* 32 hexadecimal digits. */
static bool read_in6(struct in6_addr *a, const char *digits)
{
	for (unsigned i = 0; i < sizeof(a->s6_addr); i++)
		if (sscanf(digits + 2 * i, "%2hhx", &a->s6_addr[i]) != 1)
			return false;
	return true;
}

static void find_gateway6(struct outlet_address *p, const char *interface)
{
	char line[256], name[IF_NAMESIZE], to[33], gateway[33];
	unsigned prefix;
	FILE *f = fopen("/proc/self/net/ipv6_route", "re");
	struct in6_addr a;

	while (f && !p->has_gateway && fgets(line, sizeof(line), f))
		if (sscanf(line, "%32s %x %*s %*s %32s %*s %*s %*s %*s %15s", to, &prefix, gateway,
			   name) == 4 &&
		    !prefix && !strcmp(name, interface) && read_in6(&a, gateway) &&
		    !IN6_IS_ADDR_UNSPECIFIED(&a)) {
			p->gateway.in6 = a;
			p->has_gateway = true;
		}
	if (f)
		fclose(f);
}

static void find_gateway(struct outlet_address *p, const char *interface)
{
	if (p->family == AF_INET)
		find_gateway4(p, interface);
	else
		find_gateway6(p, interface);
}

/* An address may have a name with something behind the interface's. */
static bool is_of(const struct ifaddrs *a, const char *interface)
{
	size_t n = strlen(interface);

	return !strncmp(a->ifa_name, interface, n) && (!a->ifa_name[n] || a->ifa_name[n] == ':');
}

static int find_addresses(struct outlet *o, const struct ifaddrs *all, struct error *err)
{
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		struct outlet_address p;

		if (!is_of(a, o->name) || !read_address(&p, a))
			continue;
		if (o->n_addresses == ADDRESSES_MAX)
			return error_set(err, "the network's %s has more than %u addresses",
					 o->name, ADDRESSES_MAX);
		find_gateway(&p, o->name);
		o->addresses[o->n_addresses++] = p;
	}
	return 0;
}

/* The bridge of a container that was here before has an address of its own. */
static bool may_be_outlet(const char *name)
{
	return strcmp(name, "lo") && strncmp(name, BRIDGE, strlen(BRIDGE));
}

/* All interfaces that have addresses, in the order in which they were made. */
static int find_outlets(struct outlet outlets[AGENT_CARDS_MAX], unsigned *n, struct error *err)
{
	struct if_nameindex *names = if_nameindex();
	struct ifaddrs *all = NULL;
	int failed =
	    !names || getifaddrs(&all) ? error_errno(err, "the container's network interfaces") : 0;

	*n = 0;
	for (unsigned i = 0; !failed && names[i].if_index; i++) {
		struct outlet o = {.number = *n};

		if (!may_be_outlet(names[i].if_name))
			continue;
		snprintf(o.name, sizeof(o.name), "%s", names[i].if_name);
		failed = find_addresses(&o, all, err);
		if (failed || !o.n_addresses)
			continue;
		if (*n == AGENT_CARDS_MAX)
			failed = error_set(err, "a container can have %u networks, and there is %s",
					   AGENT_CARDS_MAX, o.name);
		else
			outlets[(*n)++] = o;
	}
	if (all)
		freeifaddrs(all);
	if (names)
		if_freenameindex(names);
	return failed;
}

/* ---- The way there ---- */

static int set_up(int s, const char *name)
{
	struct ifreq r = {0};

	strcpy(r.ifr_name, name);
	if (ioctl(s, SIOCGIFFLAGS, &r))
		return -1;
	r.ifr_flags |= IFF_UP;
	return ioctl(s, SIOCSIFFLAGS, &r);
}

static int join(int s, const struct outlet *o, const char *name)
{
	struct ifreq r = {.ifr_ifindex = (int)if_nametoindex(name)};

	strcpy(r.ifr_name, o->bridge);
	return ioctl(s, SIOCBRADDIF, &r);
}

/* It is there until somebody removes it: papyr run opens it by its name. */
static int make_tap(const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), failed;

	if (fd < 0)
		return -1;
	strcpy(r.ifr_name, name);
	failed = ioctl(fd, TUNSETIFF, &r) || ioctl(fd, TUNSETPERSIST, 1);
	close(fd);
	return failed ? -1 : 0;
}

static void set_address(struct sockaddr *to, struct in_addr address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = address};

	memcpy(to, &in, sizeof(in));
}

/* Routes of IPv4 go with it. */
static int take_address(int s, const struct outlet *o, const struct outlet_address *p)
{
	struct ifreq r = {.ifr_addr.sa_family = AF_INET};
	struct in6_ifreq r6 = {.ifr6_ifindex = (int)if_nametoindex(o->name)};
	int s6, failed;

	strcpy(r.ifr_name, o->name);
	if (p->family == AF_INET)
		return ioctl(s, SIOCSIFADDR, &r);
	r6.ifr6_addr = p->address.in6;
	r6.ifr6_prefixlen = p->prefix;
	s6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	failed = s6 < 0 || ioctl(s6, SIOCDIFADDR, &r6) ? -1 : 0;
	if (s6 >= 0)
		close(s6);
	return failed;
}

static bool has_ipv4(const struct outlet *o)
{
	for (unsigned i = 0; i < o->n_addresses; i++)
		if (o->addresses[i].family == AF_INET)
			return true;
	return false;
}

static void neighbour(const struct outlet *o, char address[INET_ADDRSTRLEN])
{
	snprintf(address, INET_ADDRSTRLEN, NEIGHBOURS "%u", o->number + 1);
}

/* From this namespace the guest is reached, too. */
static int be_neighbour(int s, struct outlet *o)
{
	struct ifreq r = {0};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = o->bridge};
	char address[INET_ADDRSTRLEN];

	if (!has_ipv4(o))
		return 0;
	neighbour(o, address);
	strcpy(r.ifr_name, o->bridge);
	set_address(&r.ifr_addr, (struct in_addr){inet_addr(address)});
	if (ioctl(s, SIOCSIFADDR, &r))
		return -1;
	set_address(&r.ifr_addr, (struct in_addr){INADDR_BROADCAST}); /* it alone */
	if (ioctl(s, SIOCSIFNETMASK, &r))
		return -1;
	for (unsigned i = 0; i < o->n_addresses; i++) {
		if (o->addresses[i].family != AF_INET)
			continue;
		set_address(&route.rt_dst, o->addresses[i].address.in);
		if (ioctl(s, SIOCADDRT, &route))
			return -1;
	}
	return 0;
}

static int lead(struct outlet *o)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), failed;

	failed = s < 0 || ioctl(s, SIOCBRADDBR, o->bridge) || make_tap(o->tap) ||
		 join(s, o, o->name) || join(s, o, o->tap) || set_up(s, o->bridge) ||
		 set_up(s, o->tap);
	for (unsigned i = 0; !failed && i < o->n_addresses; i++)
		failed = take_address(s, o, &o->addresses[i]);
	failed = failed || be_neighbour(s, o);
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

/* ---- What the guest is told ---- */

#define WORDS_MAX 1000

/* As AGENT_NETWORK has them. */
static void put_words(const struct outlet *o, char words[WORDS_MAX])
{
	char address[INET6_ADDRSTRLEN] = "-", gateway[INET6_ADDRSTRLEN];
	size_t n;

	if (has_ipv4(o))
		neighbour(o, address);
	n = (size_t)snprintf(words, WORDS_MAX, "%d %s", o->mtu, address);
	for (unsigned i = 0; i < o->n_addresses; i++) {
		const struct outlet_address *p = &o->addresses[i];

		inet_ntop(p->family, &p->address, address, sizeof(address));
		if (p->has_gateway)
			inet_ntop(p->family, &p->gateway, gateway, sizeof(gateway));
		else
			strcpy(gateway, "-");
		n += (size_t)snprintf(words + n, WORDS_MAX - n, " %s/%u %s", address, p->prefix,
				      gateway);
	}
}

static int use_outlet(struct exec_card *card, struct outlet *o, struct error *err)
{
	static char words[AGENT_CARDS_MAX][WORDS_MAX], net[AGENT_CARDS_MAX][64];

	snprintf(o->bridge, sizeof(o->bridge), BRIDGE "%u", o->number);
	snprintf(o->tap, sizeof(o->tap), TAP "%u", o->number);
	if (find_mtu(o) || lead(o))
		return error_errno(err,
				   "a guest can't be led to the network's %s by a bridge and a tap "
				   "(modprobe bridge tun; or --network host)",
				   o->name);
	put_words(o, words[o->number]);
	snprintf(net[o->number], sizeof(net[0]), "tap:%s,bus=virtio", o->tap);
	*card = (struct exec_card){net[o->number], words[o->number]};
	return 0;
}

static int use_outlets(struct exec_options *e, struct error *err)
{
	struct outlet outlets[AGENT_CARDS_MAX];
	unsigned n;

	if (find_outlets(outlets, &n, err))
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (use_outlet(&e->cards[i], &outlets[i], err))
			return -1;
	/* With none it keeps the card of the user network. */
	if (n)
		e->n_cards = n;
	return 0;
}

int container_enter_network(struct container_config *c, struct error *err)
{
	int fd = open(c->network, O_RDONLY | O_CLOEXEC), failed;

	if (fd < 0)
		return error_errno(err, "%s", c->network);
	failed = setns(fd, CLONE_NEWNET);
	close(fd);
	if (failed)
		return error_errno(err, "network namespace %s", c->network);
	return use_outlets(&c->exec, err);
}
