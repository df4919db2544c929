#include "runtime/facts.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/capabilities.h"
#include "runtime/cgroup.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#ifndef NETLINK_NETFILTER
#define NETLINK_NETFILTER 12
#endif

static bool has_overlay(void) {
	_cleanup_close_ int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	return fs >= 0;
}

/* nf_tables answers to a question about its generation (NFT_MSG_GETGEN); a kernel without it says that it knows no such subsystem. */
static bool has_nftables(void) {
	struct {
		struct nlmsghdr header;
		unsigned char family, version;
		unsigned short resource;
	} request = {.header = {.nlmsg_len = sizeof request, .nlmsg_type = 10 << 8 | 16, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	char answer[512];
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0 || send(fd, &request, sizeof request, 0) < 0)
		return false;
	ssize_t length = recv(fd, answer, sizeof answer, 0);
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;
	if (length < (ssize_t)sizeof *header)
		return false;
	const struct nlmsgerr *failure = NLMSG_DATA(header);
	return header->nlmsg_type != NLMSG_ERROR || failure->error == 0;
}

int facts_collect(const struct host *host, json_t **ret, struct error *err) {
	struct utsname name;
	if (uname(&name) < 0)
		return error_errno(err, "facts", "cannot ask for the kernel's release");
	json_t *capabilities = json_array();
	unsigned last = capabilities_last(host->bounding);
	for (unsigned number = 0; number <= last; number++)
		if ((host->bounding & 1ULL << number) && capability_name(number))
			(void)json_array_append_new(capabilities, json_string(capability_name(number)));
	bool seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
	json_t *controllers = host->cgroups ? cgroup_host_controllers(host->cgroups) : json_array();
	json_t *facts = json_pack("{s:s, s:o, s:b, s:b, s:b, s:o, s:s, s:s}", "cgroupVersion",
							  host->cgroups && cgroup_host_is_v2(host->cgroups) ? "v2" : "v1", "controllers", controllers, "seccomp", seccomp,
							  "nftables", has_nftables(), "overlay", has_overlay(), "capabilities", capabilities, "kernelRelease", name.release,
							  "architecture", name.machine);
	if (!facts)
		return error_set(err, ENOMEM, "facts", "out of memory");
	*ret = facts;
	return 0;
}
