/* The golden samples that both sides of the native protocol share (schemas/runtime/samples.json): every request is understood, every event written so. */
#include "base/cleanup.h"
#include "base/json.h"
#include "monitor/exit-record.h"
#include "runtime/spec.h"
#include "tap.h"

static json_t *samples;

static json_t *sample_of(const char *list, const char *member, const char *value) {
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(samples, list), i, item) {
		const char *text = json_string_value(json_object_get(item, member));
		if (text && strcmp(text, value) == 0)
			return item;
	}
	return NULL;
}

TEST(start_is_understood) {
	struct error err = {0};
	struct start_config config = {0};
	int r = start_config_parse(sample_of("monitorRequests", "op", "start"), &config, &err);
	if (r < 0)
		printf("# %s\n", err.message);
	CHECK_INT(r, 0);
	CHECK_TEXT(config.spec.process.args.items[2], strlen(config.spec.process.args.items[2]), "echo hello");
	CHECK_INT(config.spec.process.user.uid, 1000);
	CHECK_INT(config.spec.process.user.group_count, 2);
	CHECK_TEXT(config.spec.cgroup_path, strlen(config.spec.cgroup_path), "/berth/abc");
	CHECK_INT(config.spec.resources.memory_limit, 67108864);
	CHECK_INT(config.spec.resources.memory_swap, -1);
	CHECK_INT(config.spec.mount_count, 3);
	CHECK_INT(config.rootfs.lower.count, 2);
	CHECK_INT(config.log.max_files, 3);
	CHECK_INT(config.log.max_bytes, 1048576);
	CHECK(config.stdin_open && config.stdin_once && config.kills_all_on_oom && config.init && !config.is_durable);
	CHECK_INT(config.file_count, 1);
	CHECK_TEXT((const char *)config.files[0].content, config.files[0].size, "secret");
	start_config_free(&config);
}

TEST(exec_is_understood) {
	struct error err;
	struct spec_process process = {0};
	json_t *json = json_object_get(sample_of("monitorRequests", "op", "exec"), "process");
	CHECK_INT(spec_process_parse(json, "process", &process, &err), 0);
	CHECK(process.terminal);
	CHECK_INT(process.console_width, 80);
	spec_process_free(&process);
}

TEST(update_is_understood) {
	struct error err;
	struct cgroup_resources resources = {0};
	json_t *json = json_object_get(sample_of("monitorRequests", "op", "update"), "resources");
	CHECK_INT(spec_resources_parse(json, "resources", &resources, &err), 0);
	CHECK_INT(resources.memory_limit, 134217728);
	CHECK_INT(resources.cpu_quota, -1);
	CHECK(resources.cpu_shares == LIMIT_ABSENT);
	spec_resources_free(&resources);
}

TEST(exit_is_written_so) {
	struct exit_record record = {.pid = 4711, .code = 137, .signal = 9, .oom_kills = 1, .memory_peak = 67108864};
	(void)strcpy(record.started_at, "2026-01-02T03:04:05.000000006Z");
	(void)strcpy(record.finished_at, "2026-01-02T03:05:05.12Z");
	_cleanup_json_ json_t *written = exit_record_to_json(&record);
	(void)json_object_set_new(written, "event", json_string("exit"));
	CHECK(json_equal(written, sample_of("monitorEvents", "event", "exit")));
}

TEST(failures_are_written_so) {
	struct error err;
	(void)error_set(&err, 2, "exec", "/bin/nothing: No such file or directory");
	_cleanup_json_ json_t *written = error_to_json(&err);
	CHECK(json_equal(written, json_object_get(json_array_get(json_object_get(samples, "answers"), 1), "error")));
}

int main(void) {
	json_error_t failure;
	samples = json_load_file("../schemas/runtime/samples.json", 0, &failure);
	if (!samples) {
		printf("Bail out! samples.json: %s\n", failure.text);
		return 1;
	}
	RUN(start_is_understood);
	RUN(exec_is_understood);
	RUN(update_is_understood);
	RUN(exit_is_written_so);
	RUN(failures_are_written_so);
	json_decref(samples);
	return tap_done();
}
