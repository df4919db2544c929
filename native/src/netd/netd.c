#include "netd/netd.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/process.h"
#include "netd/attachment.h"
#include "netd/keep.h"
#include "netd/netlink.h"
#include "netd/network.h"
#include "netd/server.h"
#include "netd/watch.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

int netd_main(int argc, char **argv);

/* Interface groups of instances: far from the small numbers that people use. */
static uint32_t group_of(const char *instance) {
	uint32_t hash = 2166136261u;
	for (const char *at = instance; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return hash >> 1 | 0x40000000u;
}

static int open_directory(const char *run_dir, struct error *err) {
	_cleanup_close_ int run = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run < 0 || (mkdirat(run, "netd", 0700) < 0 && errno != EEXIST))
		return error_errno(err, "start", "%s/netd", run_dir);
	int directory = openat(run, "netd", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return directory < 0 ? error_errno(err, "start", "%s/netd", run_dir) : directory;
}

static int restore_network(void *context, json_t *config, struct error *err) { return network_restore(context, config, err); }

static int restore_container(void *context, json_t *config, const json_t *extras, struct error *err) {
	return attachment_restore(context, config, extras, err);
}

int netd_open(struct netd *netd, const char *run_dir, const char *instance, struct error *err) {
	int r;
	netd->group = group_of(instance);
	netd->dns = (struct dns_service){&netd->loop, &netd->names, &netd->containers};
	if ((r = loop_open(&netd->loop, err)) < 0 || (r = netns_home_open(&netd->home, err)) < 0 ||
		(r = netd->route = netlink_open(NETLINK_ROUTE, err)) < 0 || (r = netd->directory = open_directory(run_dir, err)) < 0 ||
		(r = ruleset_open(&netd->ruleset, instance, netd->group, err)) < 0)
		return r;
	pool_init(&netd->pool, &netd->loop, &netd->home);
	sweep_init(&netd->sweep, &netd->loop);
	if ((r = keep_load(netd->directory, restore_network, restore_container, netd, err)) < 0)
		return r;
	return ruleset_replace(&netd->ruleset, netd->networks, netd->containers, err);
}

struct arguments {
	const char *run_dir;
	const char *instance;
	int listener;
};

static int parse_arguments(int argc, char **argv, struct arguments *ret_arguments, struct error *err) {
	struct arguments arguments = {.instance = "berth", .listener = -1};
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return error_set(err, EINVAL, "arguments", "%s needs a value", argv[i]);
		if (strcmp(argv[i], "--run-dir") == 0)
			arguments.run_dir = argv[i + 1];
		else if (strcmp(argv[i], "--instance") == 0)
			arguments.instance = argv[i + 1];
		else if (strcmp(argv[i], "--listen-fd") == 0)
			arguments.listener = atoi(argv[i + 1]);
		else
			return error_set(err, EINVAL, "arguments", "unknown argument %s", argv[i]);
	}
	if (!arguments.run_dir || arguments.listener < 0)
		return error_set(err, EINVAL, "arguments", "--run-dir and --listen-fd are expected");
	*ret_arguments = arguments;
	return 0;
}

/* Two sockets per container and one or two per port. */
static void raise_file_limit(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void on_signal(void *data, uint32_t events) {
	(void)events;
	loop_stop(&((struct netd *)data)->loop);
}

/* SIGTERM and SIGINT end netd and leave everything in the kernel as it is. */
static int watch_signals(struct netd *netd, struct loop_source *source, struct error *err) {
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Children only delete interfaces: nobody waits for them. */
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	*source = (struct loop_source){.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), .run = on_signal, .data = netd};
	if (source->fd < 0)
		return error_errno(err, "start", "signalfd");
	return loop_watch(&netd->loop, source, EPOLLIN, err);
}

int netd_main(int argc, char **argv) {
	static struct netd netd;
	struct loop_source signals;
	struct arguments arguments;
	struct error err;
	if (parse_arguments(argc, argv, &arguments, &err) < 0) {
		report_failure("netd", &err);
		return 2;
	}
	raise_file_limit();
	process_harden();
	if (netd_open(&netd, arguments.run_dir, arguments.instance, &err) < 0 || watch_signals(&netd, &signals, &err) < 0 ||
		server_start(&netd, arguments.listener, &err) < 0) {
		report_failure("netd", &err);
		return 1;
	}
	watch_start(&netd);
	if (loop_run(&netd.loop, &err) < 0) {
		report_failure("netd", &err);
		return 1;
	}
	return 0;
}
