#pragma once
/* Everything that a monitor knows. One per process; the parts get at each other through it. */

#include "base/clock.h"
#include "base/loop.h"
#include "base/stamps.h"
#include "foreign/foreign.h"
#include "monitor/exit-record.h"
#include "monitor/log.h"
#include "monitor/oom.h"
#include "monitor/session.h"
#include "runtime/container.h"

struct backend;
struct control;

enum { TRIM_DELAY_MS = 200 };

enum status { STATUS_IDLE, STATUS_RUNNING, STATUS_PAUSED, STATUS_EXITED };

struct monitor {
	struct loop loop;
	struct loop_source listener;
	struct loop_source children; /* signalfd of SIGCHLD */
	int bundle;
	const struct host *host;

	enum status status;
	const struct backend *backend; /* of the last start */
	struct container container;
	struct foreign foreign;
	struct session main;
	struct session *execs; /* running, and expected by an attach */
	struct oom_watch oom;
	struct log_writer log;
	char started_at[CLOCK_TEXT_SIZE];
	struct exit_record exit; /* valid in STATUS_EXITED, and between the exit and the end of its output */
	bool is_exiting;	 /* the main process is reaped, its output not drained */
	bool is_traced;		 /* a request of this run asked for stamps: its exit has them too */
	struct stamps exit_stamps;

	struct control *controls;
	struct loop_timer sweep; /* frees dead control connections */
	struct loop_timer trim;	 /* gives free heap back when the monitor has been idle for TRIM_DELAY_MS */
	bool is_released;	 /* the loop ends when the last answer is sent */
};

/* MonitorState as a new object. */
json_t *monitor_state(const struct monitor *monitor);

/* The exec session of that name, or NULL. */
struct session *monitor_find_exec(struct monitor *monitor, const char *exec_id);

/* Makes one; it frees itself when it has ended, or when nobody waits for it before it began. */
int monitor_add_exec(struct monitor *monitor, const char *exec_id, struct session **ret, struct error *err);

/* Takes an exec out of the list and frees it with its connections. */
void monitor_drop_exec(struct monitor *monitor, struct session *session);
