/* Requests to a layer worker: the golden samples are understood, everything else is refused. */
#include "base/json.h"
#include "layer/job.h"
#include "tap.h"

#include <stdlib.h>

static int parse(const char *text, struct job *job, struct error *err) { return job_parse(text, strlen(text), job, err); }

TEST(samples_are_understood) {
	json_error_t failure;
	json_t *samples = json_load_file("../schemas/runtime/samples.json", 0, &failure);
	CHECK(samples);
	size_t i;
	json_t *item;
	unsigned seen = 0;
	json_array_foreach(json_object_get(samples, "layerRequests"), i, item) {
		char *text = json_dumps(item, 0);
		struct job job;
		struct error err = {0};
		int result = parse(text, &job, &err);
		if (result < 0)
			printf("# %s: %s\n", text, err.message);
		CHECK_INT(result, 0);
		CHECK_INT(job.id, 1);
		seen |= 1u << job.op;
		if (job.op == JOB_UNPACK && job.source) {
			CHECK_INT(job.offset, 512);
			CHECK_INT(job.length, 1024);
			CHECK(!job.has_whiteouts);
		}
		if (job.op == JOB_COPY_UP)
			CHECK_INT(job.lower_count, 2);
		job_free(&job);
		free(text);
	}
	CHECK_INT(seen, 1u << JOB_UNPACK | 1u << JOB_PACK | 1u << JOB_COPY_UP | 1u << JOB_REMOVE | 1u << JOB_MOUNT | 1u << JOB_UNMOUNT);
	json_decref(samples);
}

TEST(other_requests_are_refused) {
	static const char *const requests[] = {
		"",
		"[]",
		"{\"id\":1}",
		"{\"id\":1,\"op\":\"fly\"}",
		"{\"id\":1,\"op\":\"remove\"}",
		"{\"id\":1,\"op\":\"remove\",\"target\":\"relative\"}",
		"{\"id\":1,\"op\":\"remove\",\"target\":\"/x\",\"more\":1}",
		"{\"id\":-1,\"op\":\"remove\",\"target\":\"/x\"}",
		"{\"id\":1,\"op\":\"pack\",\"source\":\"/x\",\"whiteouts\":\"maybe\"}",
		"{\"id\":1,\"op\":\"mount\",\"type\":\"tmpfs\",\"source\":\"x\",\"target\":\"x\"}",
		"{\"id\":1,\"op\":\"copyUp\",\"lower\":[],\"subpath\":\"/\",\"target\":\"/x\"}",
	};
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		struct job job;
		struct error err;
		CHECK(parse(requests[i], &job, &err) < 0);
		job_free(&job);
	}
}

int main(void) {
	RUN(samples_are_understood);
	RUN(other_requests_are_refused);
	return tap_done();
}
