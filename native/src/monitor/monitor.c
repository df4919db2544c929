#include "monitor/monitor.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/process.h"
#include "base/sys.h"
#include "monitor/attach.h"
#include "monitor/backend.h"
#include "monitor/control.h"
#include "monitor/state.h"

#include <malloc.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* Heap behind the last used byte goes back to the kernel early: a monitor is idle nearly always, and there is one per container. */
enum { HEAP_SLACK = 16 * 1024 };

static const char *const status_names[] = {
	[STATUS_IDLE] = "idle", [STATUS_RUNNING] = "running", [STATUS_PAUSED] = "paused", [STATUS_EXITED] = "exited"};

json_t *monitor_state(const struct monitor *monitor) {
	json_t *execs = json_array();
	for (const struct session *session = monitor->execs; session; session = session->next)
		if (session->pid > 0)
			(void)json_array_append_new(execs, json_string(session->exec_id));
	bool is_up = monitor->status == STATUS_RUNNING || monitor->status == STATUS_PAUSED;
	uint64_t kills = monitor->exit.oom_kills;
	if (is_up && monitor->container.cgroup)
		kills = cgroup_oom_kills(monitor->container.cgroup) - monitor->container.oom_kills_before;
	json_t *state = json_pack("{s:s, s:I, s:o}", "status", status_names[monitor->status], "oomKills", (json_int_t)kills, "execs", execs);
	if (is_up) {
		(void)json_object_set_new(state, "pid", json_integer(monitor->main.pid));
		(void)json_object_set_new(state, "startedAt", json_string(monitor->started_at));
	}
	if (monitor->status == STATUS_EXITED)
		(void)json_object_set_new(state, "exit", exit_record_to_json(&monitor->exit));
	return state;
}

struct session *monitor_find_exec(struct monitor *monitor, const char *exec_id) {
	for (struct session *session = monitor->execs; session; session = session->next)
		if (strcmp(session->exec_id, exec_id) == 0)
			return session;
	return NULL;
}

void monitor_drop_exec(struct monitor *monitor, struct session *session) {
	struct session **link = &monitor->execs;
	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	session_free(session);
	free(session);
}

static void on_exec_end(struct session *session) {
	struct monitor *monitor = session->owner;
	if (session->pid > 0)
		control_broadcast(monitor, json_pack("{s:s, s:s, s:i, s:i}", "event", "execExit", "execId", session->exec_id, "code",
							 session->code, "pid", session->pid));
	monitor_drop_exec(monitor, session);
}

int monitor_add_exec(struct monitor *monitor, const char *exec_id, struct session **ret, struct error *err) {
	struct session *session = malloc(sizeof *session);
	char *name = strdup(exec_id);
	if (!session || !name) {
		free(session);
		free(name);
		return error_set(err, ENOMEM, "exec", "out of memory");
	}
	session_init(session, &monitor->loop, on_exec_end, monitor);
	session->exec_id = name;
	session->is_held_back_by_readers = true;
	session->next = monitor->execs;
	monitor->execs = session;
	*ret = session;
	return 0;
}

static void on_oom_kill(void *owner, const struct oom_report *report) {
	struct monitor *monitor = owner;
	char now[CLOCK_TEXT_SIZE];
	clock_now_text(now);
	json_t *event = json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "oom", "at", now, "killsTotal", (json_int_t)report->kills_total,
				  "memoryLimit", (json_int_t)report->memory_limit, "memoryPeak", (json_int_t)report->memory_peak);
	if (report->victim) {
		json_t *victim = json_pack("{s:i, s:s, s:I}", "pid", report->victim->pid, "name", report->victim->name, "rssBytes",
					   (json_int_t)report->victim->rss_bytes);
		if (victim) /* a name that is not UTF-8 has none */
			(void)json_object_set_new(event, "victim", victim);
	}
	control_broadcast(monitor, event);
}

static void note(struct monitor *monitor, const char *stage) {
	if (monitor->exit_stamps.list)
		stamps_add(&monitor->exit_stamps, stage, stamps_now());
}

/* The output is drained: the exit may be told. Teardown comes after (`start` again, or `release`). */
static void on_main_end(struct session *session) {
	struct monitor *monitor = session->owner;
	struct error err;
	session->pid = 0;
	monitor->is_exiting = false;
	monitor->status = STATUS_EXITED;
	note(monitor, "drain");
	(void)exit_record_save(monitor->bundle, &monitor->exit, &err); /* a full run directory: the record is still in our state and the event */
	json_t *event = exit_record_to_json(&monitor->exit);
	(void)json_object_set_new(event, "event", json_string("exit"));
	stamps_put(&monitor->exit_stamps, "record", event);
	control_broadcast(monitor, event);
	for (struct attach *attach = session->attaches; attach; attach = attach->next)
		attach_finish(attach);
	loop_arm(&monitor->loop, &monitor->trim, TRIM_DELAY_MS);
}

/* dockerd's order: what the kernel knows is read first, then what is left of the container is killed, then its output is drained. */
static void main_exited(struct monitor *monitor, int code, int signal) {
	struct error err;
	struct exit_record *record = &monitor->exit;
	if (monitor->is_traced && !monitor->exit_stamps.list)
		monitor->exit_stamps.list = json_array();
	monitor->is_traced = false;
	note(monitor, "exited");
	*record = (struct exit_record){.pid = monitor->main.pid, .code = code, .signal = signal};
	clock_now_text(record->finished_at);
	memcpy(record->started_at, monitor->started_at, sizeof record->started_at);
	record->oom_kills = oom_end(&monitor->oom);
	record->memory_peak = monitor->container.cgroup ? cgroup_memory_peak(monitor->container.cgroup) : 0;
	monitor->is_exiting = true;
	note(monitor, "account");
	(void)monitor->backend->exited(monitor, &err); /* processes that resist are found again by `start` and `release` */
	note(monitor, "kill rest");
	session_exited(&monitor->main, code, signal);
}

static void process_exited(struct monitor *monitor, pid_t pid, int code, int signal) {
	if (pid == monitor->main.pid && !monitor->is_exiting) {
		main_exited(monitor, code, signal);
		return;
	}
	for (struct session *session = monitor->execs; session; session = session->next)
		if (session->pid == pid) {
			session_exited(session, code, signal);
			return;
		}
	/* Nobody of ours: a process of a container without a pid namespace, whose parent is gone. */
}

static void on_child(void *data, uint32_t events) {
	(void)events;
	struct monitor *monitor = data;
	struct signalfd_siginfo ignored[4];
	while (read(monitor->children.fd, ignored, sizeof ignored) > 0)
		continue;
	for (;;) {
		siginfo_t info = {0};
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) < 0 || info.si_pid == 0)
			return;
		bool is_exit = info.si_code == CLD_EXITED;
		process_exited(monitor, info.si_pid, is_exit ? info.si_status : 128 + info.si_status, is_exit ? 0 : info.si_status);
	}
}

static void on_idle(void *data) {
	(void)data;
	(void)malloc_trim(0);
}

static void on_listener(void *data, uint32_t events) {
	(void)events;
	control_accept(data);
}

static int watch_all(struct monitor *monitor, struct error *err) {
	sigset_t child;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &child, NULL) < 0)
		return error_errno(err, "monitor", "sigprocmask");
	monitor->children.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (monitor->children.fd < 0)
		return error_errno(err, "monitor", "signalfd");
	int r = loop_open(&monitor->loop, err);
	if (r < 0 || (r = loop_watch(&monitor->loop, &monitor->children, EPOLLIN, err)) < 0)
		return r;
	if ((r = set_nonblocking(monitor->listener.fd, true)) < 0)
		return error_set(err, -r, "monitor", "cannot make the listener non-blocking");
	return loop_watch(&monitor->loop, &monitor->listener, EPOLLIN, err);
}

static void free_all(struct monitor *monitor) {
	while (monitor->execs)
		monitor_drop_exec(monitor, monitor->execs);
	session_free(&monitor->main);
	oom_free(&monitor->oom);
	log_close(&monitor->log);
	control_close_all(monitor);
	loop_close_source(&monitor->loop, &monitor->listener);
	loop_close_source(&monitor->loop, &monitor->children);
	loop_close(&monitor->loop);
	close_fd(&monitor->bundle);
}

int monitor_run(const struct monitor_setup *setup) {
	struct error err;
	if (process_become_worker("berth-monitor", &err) < 0)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	process_harden();
	process_avoid_oom();
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_SLACK);
	(void)mallopt(M_TOP_PAD, 0);
	struct monitor monitor = {.bundle = setup->bundle,
				  .host = setup->host,
				  .backend = &backend_own,
				  .foreign.bundle = setup->bundle,
				  .container = CONTAINER_INIT,
				  .log = LOG_WRITER_INIT,
				  .children.fd = -1,
				  .loop.epoll = -1};
	monitor.listener = (struct loop_source){.fd = setup->listener, .run = on_listener, .data = &monitor};
	monitor.trim = (struct loop_timer){.run = on_idle};
	monitor.children = (struct loop_source){.fd = -1, .run = on_child, .data = &monitor};
	monitor.oom = (struct oom_watch){
		.loop = &monitor.loop, .container = &monitor.container, .on_kill = on_oom_kill, .owner = &monitor, .source.fd = -1};
	session_init(&monitor.main, &monitor.loop, on_main_end, &monitor);
	monitor.main.log = &monitor.log;
	int r = watch_all(&monitor, &err);
	if (r == 0)
		r = loop_run(&monitor.loop, &err);
	free_all(&monitor);
	return r < 0;
}
