/*
 * Fails the first system call behind sys.h, then the second, and so on, over the whole life of a container: spawner, monitor, start, exec, exit, release.
 * Whatever fails, the next attempt works, the exit is told, and nothing is left. Needs root and BERTH_FAULTS_NATIVE (make faults-test).
 * FAULT_SECONDS ends each of the tests earlier.
 */
#include "base/cleanup.h"
#include "fixture.h"
#include "tap.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>

enum { MOST_CALLS = 2000, ATTEMPTS = 3 };

static bool is_ok(const json_t *answer) { return json_object_get(answer, "ok") != NULL; }

static const char *failure_of(const json_t *answer) {
	const char *message = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	return message ? message : "no answer";
}

/* A request may fail once, for the one call that fails; the second time it must work. `members` is made anew each time. */
static bool ask(struct client *client, const char *op, json_t *(*members)(const struct box *box), const struct box *box) {
	for (int i = 0; i < 2; i++) {
		json_t *answer = client_request(client, op, members(box));
		bool is_done = is_ok(answer);
		if (!is_done && i == 1)
			printf("# %s again: %s\n", op, failure_of(answer));
		json_decref(answer);
		if (is_done)
			return true;
	}
	return false;
}

static bool has_userns; /* what is started next */

static void add_userns(json_t *config) {
	json_t *system = json_object_get(json_object_get(config, "spec"), "linux"), *map = json_pack("[{s:i, s:i, s:i}]", "containerID", 0, "hostID", 1000000, "size", 65536);
	(void)json_array_append_new(json_object_get(system, "namespaces"), json_pack("{s:s}", "type", "user"));
	(void)json_object_set(system, "uidMappings", map);
	(void)json_object_set_new(system, "gidMappings", map);
	(void)json_object_set_new(json_object_get(config, "rootfs"), "isIdmapped", json_true());
}

static json_t *start_members(const struct box *box) {
	json_t *config = box_config(box, &(struct box_options){.script = "echo started; sleep 1000", .memory_limit = 64 << 20});
	if (has_userns)
		add_userns(config);
	return config;
}

static json_t *exec_members(const struct box *box) {
	(void)box;
	return json_pack("{s:s, s:o}", "execId", "e", "process", box_process("exit 3", false));
}

static json_t *kill_members(const struct box *box) {
	(void)box;
	return json_pack("{s:i}", "signal", SIGKILL);
}

static bool event_has_code(struct client *client, const char *name, int code) {
	json_t *event = client_event(client, name);
	bool is_right = event && json_integer_value(json_object_get(event, "code")) == code;
	if (!is_right)
		printf("# %s: code %lld, expected %d\n", name, json_integer_value(json_object_get(event, "code")), code);
	json_decref(event);
	return is_right;
}

static bool has_cgroup(const struct box *box) {
	char pattern[128];
	glob_t found = {0};
	(void)snprintf(pattern, sizeof pattern, "/sys/fs/cgroup/*%s", box->cgroup);
	bool exists = glob(pattern, 0, NULL, &found) == 0;
	globfree(&found);
	return exists;
}

static bool live_and_die(struct box *box) {
	if (!ask(&box->control, "start", start_members, box) || !has_cgroup(box) || !ask(&box->control, "exec", exec_members, box) ||
		!event_has_code(&box->control, "execExit", 3) || !ask(&box->control, "signal", kill_members, box) ||
		!event_has_code(&box->control, "exit", 137))
		return false;
	json_decref(client_request(&box->control, "release", NULL)); /* an error is allowed, something left is not */
	return client_sees_end(&box->control);
}

static bool is_answering(struct client *spawner) {
	json_t *answer = client_request(spawner, "facts", NULL);
	bool is_there = answer != NULL;
	json_decref(answer);
	return is_there;
}

/* One life with the n-th call failing. *ret_was_hit is false when no call was left to fail. */
static bool run_once(int position, bool *ret_was_hit) {
	char number[16], counter[] = "/tmp/berth-test-fault-XXXXXX";
	struct fixture fixture;
	struct box box = {.control = {.in = -1, .out = -1}};
	int hit = mkstemp(counter);
	(void)snprintf(number, sizeof number, "%d", position);
	(void)setenv("BERTH_FAULT_AT", number, 1);
	(void)setenv("BERTH_FAULT_FILE", counter, 1);
	bool is_right = fixture_open(&fixture);
	/* The spawner itself may fail to start, or to make a monitor; berthd would try again. */
	bool has_box = false;
	for (int i = 0; i < ATTEMPTS && !has_box; i++) {
		has_box = box_open(&fixture, &box);
		if (!has_box && !is_answering(&fixture.spawner)) {
			(void)setenv("BERTH_FAULT_AT", "0", 1); /* the call has failed, and ended the spawner: berthd starts another */
			client_close(&fixture.spawner);
			is_right &= client_start_spawner(&fixture.spawner, fixture.run_dir);
		}
	}
	is_right = is_right && has_box && live_and_die(&box);
	if (has_box && has_cgroup(&box)) {
		printf("# a cgroup is left\n");
		is_right = false;
	}
	if (has_box)
		client_close(&box.control);
	if (is_right)
		memset(fixture.open, 0, sizeof fixture.open);
	(void)fixture_close(&fixture);
	char text[64] = "";
	*ret_was_hit = pread(hit, text, sizeof text - 1, 0) > 0 && text[0] != '\0';
	if (!is_right)
		printf("# call %d: %s\n", position, text);
	(void)close(hit);
	(void)unlink(counter);
	return is_right;
}

static void fail_each(void) {
	const char *patience = getenv("FAULT_SECONDS");
	time_t end = patience ? time(NULL) + atoi(patience) : 0;
	bool was_hit = true, is_cut = false;
	int failures = 0, position = 0;
	while (was_hit && position < MOST_CALLS && !is_cut) {
		failures += !run_once(++position, &was_hit);
		is_cut = end && time(NULL) > end;
	}
	printf("# %d calls were failed, one at a time%s\n", position - 1, is_cut ? "; FAULT_SECONDS were over before the last" : "");
	CHECK(position > (is_cut ? 5 : 50));
	CHECK_INT(failures, 0);
}

TEST(every_call_may_fail_once) { fail_each(); }

TEST(with_a_user_namespace_too) {
	has_userns = true;
	fail_each();
}

int main(void) {
	(void)signal(SIGPIPE, SIG_IGN);
	const char *binary = getenv("BERTH_FAULTS_NATIVE");
	if (geteuid() != 0 || !binary) {
		SKIP(every_call_may_fail_once, "needs root and a build with faults: make faults-test");
		return tap_done();
	}
	(void)setenv("BERTH_NATIVE", binary, 1);
	RUN(every_call_may_fail_once);
	RUN(with_a_user_namespace_too);
	return tap_done();
}
