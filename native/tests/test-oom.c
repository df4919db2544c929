/* Out-of-memory kills against the real kernel: of the main process, of a child that the main process survives, and the whole container at once. */
#include "base/cleanup.h"
#include "fixture.h"
#include "tap.h"

#include <signal.h>

static struct fixture fixture;

/* A child that eats memory until it is killed; `tail` keeps all it reads when there is no newline. */
#define LEAK "tail /dev/zero"

static long long number_of(const json_t *object, const char *name) { return json_integer_value(json_object_get(object, name)); }

TEST(a_killed_child_is_seen_while_the_container_lives) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = LEAK "; echo survived; sleep 1000", .memory_limit = 24 << 20}) > 0);
	json_t *event = client_event(&box.control, "oom");
	CHECK(event != NULL);
	CHECK_INT(number_of(event, "killsTotal"), 1);
	CHECK_INT(number_of(event, "memoryLimit"), 24 << 20);
	CHECK(number_of(event, "memoryPeak") > 20 << 20);
	const json_t *victim = json_object_get(event, "victim");
	if (victim) { /* the kernel log may be closed to us */
		const char *name = json_string_value(json_object_get(victim, "name"));
		CHECK_TEXT(name, strlen(name), "tail");
		CHECK(number_of(victim, "rssBytes") > 10 << 20);
	} else {
		printf("# no victim: the kernel log was silent\n");
	}
	json_decref(event);
	struct client second;
	json_t *state;
	CHECK(client_control(&second, box.bundle, &state));
	CHECK_TEXT(json_string_value(json_object_get(state, "status")), 7, "running");
	CHECK_INT(number_of(state, "oomKills"), 1);
	json_decref(state);
	client_close(&second);
	json_decref(client_ok(&box.control, "signal", json_pack("{s:i}", "signal", SIGKILL)));
	event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "oomKills"), 1);
	json_decref(event);
	CHECK(box_release(&fixture, &box));
}

TEST(kill_all_ends_the_container_at_once) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = LEAK "; sleep 1000", .memory_limit = 24 << 20, .kills_all_on_oom = true}) > 0);
	json_t *event = client_event(&box.control, "oom");
	CHECK(event != NULL);
	json_decref(event);
	event = client_event(&box.control, "exit"); /* without the kill it would sleep on */
	CHECK(event != NULL);
	CHECK_INT(number_of(event, "code"), 137);
	CHECK(number_of(event, "oomKills") >= 1);
	json_decref(event);
	/* the next run counts from nothing */
	CHECK(box_start(&box, &(struct box_options){.script = "exit 0", .memory_limit = 24 << 20, .kills_all_on_oom = true}) > 0);
	event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "code"), 0);
	CHECK_INT(number_of(event, "oomKills"), 0);
	json_decref(event);
	CHECK(box_release(&fixture, &box));
}

TEST(the_main_process_itself) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = "exec " LEAK, .memory_limit = 24 << 20}) > 0);
	json_t *event = client_event(&box.control, "oom"); /* told before the exit */
	CHECK(event != NULL);
	json_decref(event);
	event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "code"), 137);
	CHECK_INT(number_of(event, "signal"), SIGKILL);
	CHECK_INT(number_of(event, "oomKills"), 1);
	json_decref(event);
	CHECK(box_release(&fixture, &box));
}

int main(void) {
	(void)signal(SIGPIPE, SIG_IGN);
	if (geteuid() != 0) {
		SKIP(oom, "needs root");
		return tap_done();
	}
	if (!fixture_open(&fixture)) {
		printf("Bail out! no spawner\n");
		return 1;
	}
	RUN(a_killed_child_is_seen_while_the_container_lives);
	RUN(kill_all_ends_the_container_at_once);
	RUN(the_main_process_itself);
	tap_current_failed = !fixture_close(&fixture);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
