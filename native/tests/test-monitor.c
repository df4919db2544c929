/* Spawner and monitor against the real kernel: containers of /bin/sh with log, attach, exec, terminal, signals, exit record and release. Needs root. */
#include "base/cleanup.h"
#include "base/fdio.h"
#include "fixture.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct fixture fixture;

static long long number_of(const json_t *object, const char *name) { return json_integer_value(json_object_get(object, name)); }
static const char *text_of(const json_t *object, const char *name) {
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

TEST(tells_facts) {
	json_t *facts = client_ok(&fixture.spawner, "facts", NULL);
	CHECK(facts != NULL);
	CHECK(strcmp(text_of(facts, "cgroupVersion"), "v1") == 0 || strcmp(text_of(facts, "cgroupVersion"), "v2") == 0);
	CHECK(json_is_array(json_object_get(facts, "controllers")));
	json_decref(facts);
	json_t *answer = client_request(&fixture.spawner, "facts", json_pack("{s:i}", "more", 1));
	CHECK(strstr(text_of(json_object_get(answer, "error"), "message"), "unknown member \"more\"") != NULL);
	json_decref(answer);
}

TEST(runs_logs_and_records_the_exit) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	int attached = client_attach(box.bundle, NULL, false);
	CHECK(attached >= 0);
	CHECK(box_start(&box, &(struct box_options){.script = "echo out; echo err >&2; printf unfinished; exit 7"}) > 0);
	struct buffer out, errors;
	CHECK(client_read_streams(attached, &out, &errors));
	CHECK_TEXT(buffer_data(&out), buffer_length(&out) - 1, "out\nunfinished");
	CHECK_TEXT(buffer_data(&errors), buffer_length(&errors) - 1, "err\n");
	json_t *event = client_event(&box.control, "exit");
	CHECK(event != NULL);
	CHECK_INT(number_of(event, "code"), 7);
	CHECK_INT(number_of(event, "signal"), 0);
	/* when the event is here, log and record are complete */
	_cleanup_free_ char *log = NULL, *record = NULL;
	char path[256];
	(void)snprintf(path, sizeof path, "%s/exit.json", box.bundle);
	CHECK_INT(read_file_at(AT_FDCWD, box.log, 1 << 20, &log, NULL), 0);
	CHECK(strstr(log, "{\"log\":\"out\\n\",\"stream\":\"stdout\",\"time\":\"20") != NULL);
	CHECK(strstr(log, "{\"log\":\"err\\n\",\"stream\":\"stderr\",\"time\":\"20") != NULL);
	CHECK(strstr(log, "{\"log\":\"unfinished\",\"stream\":\"stdout\"") != NULL);
	CHECK_INT(read_file_at(AT_FDCWD, path, 4096, &record, NULL), 0);
	json_t *kept = json_loads(record, 0, NULL);
	(void)json_object_del(event, "event");
	CHECK(json_equal(kept, event));
	json_decref(kept);
	json_decref(event);
	/* the same monitor starts it again */
	CHECK(box_start(&box, &(struct box_options){.script = "exit 3"}) > 0);
	event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "code"), 3);
	json_decref(event);
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(attached);
	CHECK(box_release(&fixture, &box));
}

TEST(failed_starts_leave_it_usable) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	json_t *answer = client_request(&box.control, "start", box_config(&box, &(struct box_options){.program = "/no/such/program"}));
	json_t *error = json_object_get(answer, "error");
	CHECK_TEXT(text_of(error, "stage"), strlen(text_of(error, "stage")), "exec");
	CHECK_INT(number_of(error, "errno"), ENOENT);
	json_decref(answer);
	json_t *config = box_config(&box, &(struct box_options){.script = "true"});
	(void)json_object_set_new(config, "nonsense", json_true());
	answer = client_request(&box.control, "start", config);
	CHECK(json_object_get(answer, "error") != NULL);
	json_decref(answer);
	answer = client_request(&box.control, "signal", json_pack("{s:i}", "signal", SIGTERM));
	CHECK_INT(number_of(json_object_get(answer, "error"), "errno"), ESRCH);
	json_decref(answer);
	CHECK(box_start(&box, &(struct box_options){.script = "exit 0"}) > 0);
	json_decref(client_event(&box.control, "exit"));
	CHECK(box_release(&fixture, &box));
}

TEST(survives_its_clients_and_the_spawner) {
	struct box box;
	struct fixture other;
	CHECK(fixture_open(&other));
	CHECK(box_open(&other, &box));
	int attached = client_attach(box.bundle, NULL, false);
	char word[16];
	pid_t pid = box_start(&box, &(struct box_options){.script = "trap 'exit 5' TERM; echo trapped; while :; do sleep 0.05; done"});
	CHECK(pid > 0);
	CHECK(read(attached, word, sizeof word) > 0); /* before that PID 1 would ignore the signal */
	(void)close(attached);
	client_close(&box.control);
	CHECK_INT(kill(other.spawner.pid, SIGKILL), 0);
	client_close(&other.spawner);
	json_t *state;
	CHECK(client_control(&box.control, box.bundle, &state));
	CHECK_TEXT(text_of(state, "status"), strlen(text_of(state, "status")), "running");
	CHECK_INT(number_of(state, "pid"), pid);
	json_decref(state);
	json_t *ok = client_ok(&box.control, "signal", json_pack("{s:i}", "signal", SIGTERM));
	CHECK(ok != NULL);
	json_decref(ok);
	json_t *event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "code"), 5);
	json_decref(event);
	/* an exit while nobody listens is told to the next client */
	CHECK(box_start(&box, &(struct box_options){.script = "kill -9 $$; sleep 5"}) > 0);
	client_close(&box.control);
	const char *status = "";
	for (int i = 0; i < 1000 && strcmp(status, "exited") != 0; i++) {
		CHECK(client_control(&box.control, box.bundle, &state));
		status = strcmp(text_of(state, "status"), "exited") == 0 ? "exited" : "";
		if (*status)
			CHECK_INT(number_of(json_object_get(state, "exit"), "code"), 137);
		json_decref(state);
		if (!*status) {
			ok = client_ok(&box.control, "signal", json_pack("{s:i}", "signal", SIGKILL));
			json_decref(ok);
			client_close(&box.control);
		}
	}
	json_decref(client_ok(&box.control, "release", NULL));
	CHECK(client_sees_end(&box.control));
	client_close(&box.control);
	memset(other.open, 0, sizeof other.open);
	CHECK(fixture_close(&other));
}

TEST(execs_with_streams) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = "sleep 1000"}) > 0);
	int attached = client_attach(box.bundle, "e1", true);
	CHECK(attached >= 0);
	json_t *ok = client_ok(&box.control, "exec", json_pack("{s:s, s:o, s:b}", "execId", "e1", "process", box_process("cat; echo done >&2; exit 4", false), "stdin", 1));
	CHECK(number_of(ok, "pid") > 0);
	json_decref(ok);
	CHECK_INT(write_all(attached, "typed\n", 6), 0);
	CHECK_INT(shutdown(attached, SHUT_WR), 0);
	struct buffer out, errors;
	CHECK(client_read_streams(attached, &out, &errors));
	CHECK_TEXT(buffer_data(&out), buffer_length(&out) - 1, "typed\n");
	CHECK_TEXT(buffer_data(&errors), buffer_length(&errors) - 1, "done\n");
	json_t *event = client_event(&box.control, "execExit");
	CHECK_INT(number_of(event, "code"), 4);
	CHECK_TEXT(text_of(event, "execId"), strlen(text_of(event, "execId")), "e1");
	json_decref(event);
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(attached);
	/* nobody attached: output goes nowhere, the exit is still told */
	json_decref(client_ok(&box.control, "exec", json_pack("{s:s, s:o}", "execId", "e2", "process", box_process("yes | head -c 1000000; exit 6", false))));
	event = client_event(&box.control, "execExit");
	CHECK_INT(number_of(event, "code"), 6);
	json_decref(event);
	/* a background child that keeps the stream open does not hold the exit back */
	attached = client_attach(box.bundle, "e3", false);
	json_decref(client_ok(&box.control, "exec", json_pack("{s:s, s:o}", "execId", "e3", "process", box_process("echo here; sleep 900 & exit 0", false))));
	event = client_event(&box.control, "execExit");
	CHECK_INT(number_of(event, "code"), 0);
	CHECK(client_read_streams(attached, &out, &errors));
	CHECK_TEXT(buffer_data(&out), buffer_length(&out) - 1, "here\n");
	json_decref(event);
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(attached);
	CHECK(box_release(&fixture, &box));
}

TEST(holds_back_an_exec_for_its_reader) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = "sleep 1000"}) > 0);
	int attached = client_attach(box.bundle, "big", false);
	json_decref(client_ok(&box.control, "exec", json_pack("{s:s, s:o}", "execId", "big", "process", box_process("head -c 8000000 /dev/zero", false))));
	/* other requests are served while the exec waits for its reader */
	json_t *ok = client_ok(&box.control, "processes", NULL);
	CHECK(json_array_size(json_object_get(ok, "pids")) >= 1);
	json_decref(ok);
	struct buffer out, errors;
	CHECK(client_read_streams(attached, &out, &errors));
	CHECK_INT(buffer_length(&out) - 1, 8000000);
	json_t *event = client_event(&box.control, "execExit");
	CHECK_INT(number_of(event, "code"), 0);
	json_decref(event);
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(attached);
	CHECK(box_release(&fixture, &box));
}

TEST(drops_a_reader_that_does_not_read) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	int lazy = client_attach(box.bundle, NULL, false);
	CHECK(lazy >= 0);
	CHECK(box_start(&box, &(struct box_options){.script = "yes 0123456789abcdef | head -c 6000000; exit 0"}) > 0);
	json_t *event = client_event(&box.control, "exit"); /* never comes if the lazy reader stops the container */
	CHECK(event != NULL);
	CHECK_INT(number_of(event, "code"), 0);
	json_decref(event);
	struct buffer out, errors;
	(void)client_read_streams(lazy, &out, &errors);
	CHECK(buffer_length(&out) < 2000000);
	struct stat status;
	CHECK_INT(stat(box.log, &status), 0);
	CHECK(status.st_size > 6000000);
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(lazy);
	CHECK(box_release(&fixture, &box));
}

TEST(gives_a_terminal) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	int attached = client_attach(box.bundle, NULL, true);
	CHECK(box_start(&box, &(struct box_options){.script = "read line; stty size; echo \"got $line\"; test -t 0 && exit 9", .terminal = true, .has_stdin = true}) > 0);
	json_decref(client_ok(&box.control, "resize", json_pack("{s:i, s:i}", "height", 33, "width", 77)));
	CHECK_INT(write_all(attached, "hello\n", 6), 0);
	char text[4096] = "";
	size_t length = 0;
	while (client_wait(attached, POLLIN)) {
		ssize_t got = read(attached, text + length, sizeof text - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	CHECK(strstr(text, "33 77\r\n") != NULL);
	CHECK(strstr(text, "got hello\r\n") != NULL);
	json_t *event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "code"), 9);
	json_decref(event);
	(void)close(attached);
	CHECK(box_release(&fixture, &box));
}

TEST(forwards_stdin_and_its_end) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	int attached = client_attach(box.bundle, NULL, true);
	enum { TOTAL = 3000000 }; /* far beyond a pipe: forwarded as the process reads */
	CHECK(box_start(&box, &(struct box_options){.script = "sleep 0.1; wc -c", .has_stdin = true, .stdin_once = true}) > 0);
	static char data[TOTAL];
	CHECK_INT(write_all(attached, data, TOTAL), 0);
	CHECK_INT(shutdown(attached, SHUT_WR), 0);
	struct buffer out, errors;
	CHECK(client_read_streams(attached, &out, &errors));
	CHECK_TEXT(buffer_data(&out), buffer_length(&out) - 1, "3000000\n");
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(attached);
	json_decref(client_event(&box.control, "exit"));
	CHECK(box_release(&fixture, &box));
}

TEST(pauses_and_kills_the_paused) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = "sleep 1000"}) > 0);
	json_decref(client_ok(&box.control, "pause", NULL));
	json_t *state;
	struct client second;
	CHECK(client_control(&second, box.bundle, &state));
	CHECK_TEXT(text_of(state, "status"), strlen(text_of(state, "status")), "paused");
	json_decref(state);
	json_decref(client_ok(&box.control, "resume", NULL));
	json_decref(client_ok(&box.control, "pause", NULL));
	json_decref(client_ok(&box.control, "signal", json_pack("{s:i}", "signal", SIGKILL)));
	json_t *event = client_event(&second, "exit");
	CHECK_INT(number_of(event, "code"), 137);
	CHECK_INT(number_of(event, "signal"), 9);
	json_decref(event);
	client_close(&second);
	CHECK(box_release(&fixture, &box));
}

/* The protocol is the same with another OCI runtime: here our own command line is one. */
TEST(another_runtime_makes_the_processes) {
	struct box box;
	const char *binary = getenv("BERTH_NATIVE");
	_cleanup_free_ char *program = realpath(binary ? binary : "../dist/berth-native", NULL);
	CHECK(program != NULL);
	CHECK(box_open(&fixture, &box));
	json_t *config = box_config(&box, &(struct box_options){.script = "echo begun; sleep 1000", .memory_limit = 64 << 20});
	(void)json_object_set_new(config, "runtime", json_pack("{s:s, s:[s]}", "path", program, "arguments", "oci"));
	json_t *ok = client_ok(&box.control, "start", json_incref(config));
	pid_t pid = (pid_t)number_of(ok, "pid");
	CHECK(pid > 0);
	json_decref(ok);
	json_t *answer = client_request(&box.control, "exec", json_pack("{s:s, s:o}", "execId", "missing", "process", json_pack("{s:{s:i, s:i}, s:[s], s:s}", "user", "uid", 0, "gid", 0, "args", "/no/such", "cwd", "/")));
	CHECK_INT(number_of(json_object_get(answer, "error"), "errno"), ENOENT);
	json_decref(answer);
	int attached = client_attach(box.bundle, "e", false);
	json_decref(client_ok(&box.control, "exec", json_pack("{s:s, s:o}", "execId", "e", "process", box_process("echo inside; exit 4", false))));
	struct buffer out, errors;
	CHECK(client_read_streams(attached, &out, &errors));
	CHECK_TEXT(buffer_data(&out), buffer_length(&out) - 1, "inside\n");
	buffer_free(&out);
	buffer_free(&errors);
	(void)close(attached);
	json_t *event = client_event(&box.control, "execExit");
	CHECK_INT(number_of(event, "code"), 4);
	json_decref(event);
	json_decref(client_ok(&box.control, "update", json_pack("{s:{s:{s:i, s:i}}}", "resources", "memory", "limit", 96 << 20, "swap", 96 << 20)));
	json_t *usage = client_ok(&box.control, "usage", NULL);
	CHECK_INT(number_of(json_object_get(usage, "memory"), "limit"), 96 << 20);
	json_decref(usage);
	json_decref(client_ok(&box.control, "pause", NULL));
	json_decref(client_ok(&box.control, "signal", json_pack("{s:i}", "signal", SIGKILL)));
	event = client_event(&box.control, "exit");
	CHECK_INT(number_of(event, "code"), 137);
	CHECK_INT(number_of(event, "pid"), pid);
	json_decref(event);
	/* and again */
	json_decref(client_ok(&box.control, "start", config));
	json_decref(client_ok(&box.control, "signal", json_pack("{s:i}", "signal", SIGKILL)));
	json_decref(client_event(&box.control, "exit"));
	_cleanup_free_ char *log = NULL;
	CHECK_INT(read_file_at(AT_FDCWD, box.log, 1 << 20, &log, NULL), 0);
	CHECK(strstr(log, "begun") != NULL);
	CHECK(box_release(&fixture, &box));
}

TEST(reports_usage) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = "sleep 1000", .memory_limit = 64 << 20}) > 0);
	json_t *usage = client_ok(&box.control, "usage", NULL);
	CHECK_INT(number_of(json_object_get(usage, "memory"), "limit"), 64 << 20);
	CHECK(number_of(json_object_get(usage, "memory"), "usage") > 0);
	CHECK(number_of(json_object_get(usage, "pids"), "current") >= 1);
	json_decref(usage);
	json_t *ok = client_ok(&box.control, "update", json_pack("{s:{s:{s:i, s:i}}}", "resources", "memory", "limit", 96 << 20, "swap", 96 << 20));
	CHECK(ok != NULL);
	json_decref(ok);
	usage = client_ok(&box.control, "usage", NULL);
	CHECK_INT(number_of(json_object_get(usage, "memory"), "limit"), 96 << 20);
	json_decref(usage);
	CHECK(box_release(&fixture, &box));
}

__attribute__((unused)) static long long private_dirty(pid_t pid) {
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
	_cleanup_free_ char *text = NULL;
	if (read_file_at(AT_FDCWD, path, 65536, &text, NULL) < 0)
		return -1;
	const char *at = strstr(text, "Private_Dirty:");
	return at ? strtoll(at + strlen("Private_Dirty:"), NULL, 10) : -1;
}

__attribute__((unused)) TEST(stays_small) {
	struct box box;
	CHECK(box_open(&fixture, &box));
	CHECK(box_start(&box, &(struct box_options){.script = "yes | head -c 3000000; sleep 1000"}) > 0);
	struct stat status = {0};
	for (int i = 0; i < 100000 && status.st_size < 3000000; i++)
		(void)stat(box.log, &status);
	json_decref(client_ok(&box.control, "processes", NULL));
	long long kilobytes = private_dirty(box.monitor);
	for (int i = 0; i < 200 && kilobytes >= 150; i++) { /* it gives memory back when it has been idle for a moment */
		(void)poll(NULL, 0, 10);
		kilobytes = private_dirty(box.monitor);
	}
	printf("# monitor: %lld KiB private dirty\n", kilobytes);
	CHECK(kilobytes > 0 && kilobytes < 150);
	CHECK(box_release(&fixture, &box));
}

int main(void) {
	(void)signal(SIGPIPE, SIG_IGN);
	if (geteuid() != 0) {
		SKIP(monitor, "needs root");
		return tap_done();
	}
	if (!fixture_open(&fixture)) {
		printf("Bail out! no spawner\n");
		return 1;
	}
	RUN(tells_facts);
	RUN(runs_logs_and_records_the_exit);
	RUN(failed_starts_leave_it_usable);
	RUN(survives_its_clients_and_the_spawner);
	RUN(execs_with_streams);
	RUN(holds_back_an_exec_for_its_reader);
	RUN(drops_a_reader_that_does_not_read);
	RUN(gives_a_terminal);
	RUN(forwards_stdin_and_its_end);
	RUN(pauses_and_kills_the_paused);
	RUN(another_runtime_makes_the_processes);
	RUN(reports_usage);
#ifdef __SANITIZE_ADDRESS__
	SKIP(stays_small, "the address sanitizer is not small");
#else
	RUN(stays_small);
#endif
	tap_current_failed = !fixture_close(&fixture);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
