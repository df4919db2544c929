#pragma once
/* A run directory with a spawner, and containers whose root is the host's / under a throw-away layer. Needs root. */

#include "client.h"

#include <stdint.h>

struct fixture {
	char run_dir[64];
	struct client spawner;
	int next_container;
	struct {
		pid_t monitor; /* 0 once it was released */
		char bundle[128];
	} open[64];
};

/* One container's monitor. */
struct box {
	char id[32];
	char bundle[128];
	char log[192];
	char cgroup[64];
	pid_t monitor;
	struct client control;
};

struct box_options {
	const char *script; /* for /bin/sh -c */
	const char *program; /* instead of the script */
	bool has_stdin, stdin_once, terminal, kills_all_on_oom;
	int64_t memory_limit; /* 0 = none */
};

bool fixture_open(struct fixture *fixture);
/*
 * Ends the spawner and removes the run directory and the parent cgroup. False when something was left; monitors that a failed test left are released
 * nevertheless.
 */
bool fixture_close(struct fixture *fixture);

/* Forks a monitor and connects to it; nothing is started. */
bool box_open(struct fixture *fixture, struct box *box);
/* The members of a `start` request. */
json_t *box_config(const struct box *box, const struct box_options *options);
/* Starts; the pid, or 0. */
pid_t box_start(struct box *box, const struct box_options *options);
/* Asks the monitor to release and checks that it ends. */
bool box_release(struct fixture *fixture, struct box *box);

/* OciProcess of an exec of /bin/sh -c. */
json_t *box_process(const char *script, bool terminal);
