/*
 * Everything that eats bytes of strangers, fed with changed copies of good input: the spec, resources and seccomp profiles as JSON, frames, DNS
 * messages, layer streams, names of entries. Nothing may crash, hang or read outside; the sanitizers look on in `make fuzz`.
 * The sequence is the same in every run: FUZZ_SEED begins another one, FUZZ_SECONDS (default 1) is what each target gets.
 */
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json.h"
#include "layer/entry-name.h"
#include "layer/layer-stream.h"
#include "mutate.h"
#include "netd/dns-message.h"
#include "runtime-fixture.h"
#include "runtime/seccomp-internal.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static struct random random_state;

static double seconds(void) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Feeds `target` with changed copies of the seeds until the time is over. */
static void feed(const char *name, const struct bytes *seeds, size_t count, void (*target)(const uint8_t *data, size_t length)) {
	const char *wanted = getenv("FUZZ_SECONDS"), *seed = getenv("FUZZ_SEED");
	double end = seconds() + (wanted ? atof(wanted) : 1);
	unsigned long runs = 0;
	random_state.value = seed ? strtoull(seed, NULL, 10) * 2 + 1 : 0x9e3779b97f4a7c15ULL;
	for (size_t i = 0; i < count; i++)
		target(seeds[i].data, seeds[i].length);
	while (seconds() < end) {
		struct bytes input = mutate(&random_state, &seeds[random_below(&random_state, count)]);
		target(input.data, input.length);
		free(input.data);
		runs++;
	}
	printf("# %s: %lu inputs\n", name, runs);
}

static void eat_spec(const uint8_t *data, size_t length) {
	struct start_config config;
	struct error err;
	_cleanup_json_ json_t *json = NULL;
	if (json_parse((const char *)data, length, &json, &err) < 0)
		return;
	if (start_config_parse(json, &config, &err) >= 0)
		start_config_free(&config);
}

static void eat_resources(const uint8_t *data, size_t length) {
	struct cgroup_resources resources;
	struct error err;
	_cleanup_json_ json_t *json = NULL;
	if (json_parse((const char *)data, length, &json, &err) >= 0 && spec_resources_parse(json, "resources", &resources, &err) >= 0)
		spec_resources_free(&resources);
}

static void eat_seccomp(const uint8_t *data, size_t length) {
	scmp_filter_ctx context = NULL;
	unsigned flags = 0;
	struct error err;
	_cleanup_json_ json_t *json = NULL;
	if (json_parse((const char *)data, length, &json, &err) >= 0)
		(void)seccomp_build_oci(json, &context, &flags, &err);
	if (context)
		seccomp_release(context);
}

/* In two pieces, as a connection may bring them. */
static void eat_frames(const uint8_t *data, size_t length) {
	struct frame_reader reader = {0};
	size_t half = length / 2, frame_length;
	const char *frame;
	if (frame_feed(&reader, data, half) == 0)
		while (frame_next(&reader, &frame, &frame_length) > 0)
			continue;
	if (frame_feed(&reader, data + half, length - half) == 0)
		while (frame_next(&reader, &frame, &frame_length) > 0)
			continue;
	frame_reader_free(&reader);
}

static void eat_dns(const uint8_t *data, size_t length) {
	struct dns_query query;
	uint8_t address[16];
	if (dns_parse(data, length, &query) == DNS_PARSED) {
		(void)dns_reverse_name(query.name, address);
		(void)dns_is_answer_to(data, length, data, query.question_end);
	}
}

static void eat_layer(const uint8_t *data, size_t length) {
	struct layer_stream stream;
	struct layer_sums sums;
	struct archive_entry *entry;
	struct error err;
	const void *piece;
	size_t size;
	off_t offset;
	_cleanup_close_ int fd = memfd_create("layer", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) < 0)
		return;
	int r = layer_stream_open(&stream, fd, length, 1 << 20, false, &err);
	while (r >= 0 && (r = layer_stream_next(&stream, &entry, &err)) > 0)
		while ((r = layer_stream_data(&stream, &piece, &size, &offset, &err)) > 0)
			continue;
	if (r >= 0)
		(void)layer_stream_finish(&stream, &sums, &err);
	layer_stream_close(&stream);
}

static void eat_name(const uint8_t *data, size_t length) {
	struct entry_name name;
	struct error err;
	char *text = strndup((const char *)data, length);
	if (text) {
		(void)entry_name_parse(text, true, &name, &err);
		(void)entry_name_parse(text, false, &name, &err);
	}
	free(text);
}

TEST(spec) {
	struct rig rig = {.folder = "/tmp/rig", .cgroup = "/rig"};
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "report"));
	char *text = json_dumps(config, JSON_COMPACT);
	feed("spec", &(struct bytes){(uint8_t *)text, strlen(text)}, 1, eat_spec);
	free(text);
	json_decref(config);
}

TEST(resources) {
	static char text[] = "{\"memory\":{\"limit\":1,\"swap\":-1,\"swappiness\":60},\"cpu\":{\"shares\":1024,\"cpus\":\"0-1\",\"idle\":1},\"pids\":{\"limit\":5},"
				 "\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10,\"leafWeight\":1}]},\"unified\":{\"memory.high\":\"1\"},"
				 "\"devices\":[{\"allow\":false,\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"rwm\"}],\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4}],"
				 "\"network\":{\"classID\":5,\"priorities\":[{\"name\":\"eth0\",\"priority\":3}]},\"rdma\":{\"mlx\":{\"hcaHandles\":3}}}";
	feed("resources", &(struct bytes){(uint8_t *)text, sizeof text - 1}, 1, eat_resources);
}

TEST(seccomp) {
	static char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],\"flags\":"
				 "[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[{\"names\":[\"read\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1,\"args\":"
				 "[{\"index\":0,\"value\":1,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"},{\"index\":1,\"value\":3,\"op\":\"SCMP_CMP_GE\"}]}]}";
	feed("seccomp", &(struct bytes){(uint8_t *)text, sizeof text - 1}, 1, eat_seccomp);
}

TEST(frames) {
	static char text[] = "\0\0\0\x10{\"id\":1,\"op\":\"x\"}\0\0\0\x02{}\0\0\0\0\xff\xff\xff\xff";
	feed("frames", &(struct bytes){(uint8_t *)text, sizeof text - 1}, 1, eat_frames);
}

TEST(dns) {
	static char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03Web\x04shop\x00\x00\x01\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
	static char reverse[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01" "4\x01" "3\x01" "2\x01" "1\x07in-addr\x04" "arpa\x00\x00\x0c\x00\x01";
	static char pointer[] = "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01" "a\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x01\x02\x03\x04";
	const struct bytes seeds[] = {
		{(uint8_t *)query, sizeof query - 1}, {(uint8_t *)reverse, sizeof reverse - 1}, {(uint8_t *)pointer, sizeof pointer - 1}};
	feed("dns", seeds, ELEMENTS(seeds), eat_dns);
}

/* A small archive of each kind of entry, compressed or not. */
static struct bytes make_layer(int (*add_filter)(struct archive *)) {
	static const struct {
		const char *name;
		unsigned type;
		const char *link;
	} entries[] = {{"dir", AE_IFDIR, NULL}, {"dir/file", AE_IFREG, NULL}, {"dir/link", AE_IFLNK, "../.."}, {"hard", AE_IFREG, "dir/file"}, {"dir/.wh.x", AE_IFREG, NULL}};
	struct bytes layer = {malloc(1 << 16), 0};
	struct archive *archive = archive_write_new();
	(void)archive_write_set_format_pax(archive);
	(void)(add_filter ? add_filter(archive) : 0);
	(void)archive_write_open_memory(archive, layer.data, 1 << 16, &layer.length);
	for (size_t i = 0; i < ELEMENTS(entries); i++) {
		struct archive_entry *entry = archive_entry_new();
		archive_entry_set_pathname(entry, entries[i].name);
		archive_entry_set_filetype(entry, entries[i].type);
		archive_entry_set_perm(entry, 0644);
		archive_entry_xattr_add_entry(entry, "user.note", "x", 1);
		archive_entry_set_size(entry, entries[i].type == AE_IFREG && !entries[i].link ? 5 : 0);
		if (entries[i].type == AE_IFLNK)
			archive_entry_set_symlink(entry, entries[i].link);
		else if (entries[i].link)
			archive_entry_set_hardlink(entry, entries[i].link);
		(void)archive_write_header(archive, entry);
		(void)archive_write_data(archive, "hello", 5);
		archive_entry_free(entry);
	}
	(void)archive_write_close(archive);
	(void)archive_write_free(archive);
	return layer;
}

TEST(layers) {
	struct bytes seeds[] = {make_layer(NULL), make_layer(archive_write_add_filter_gzip), make_layer(archive_write_add_filter_zstd)};
	CHECK(seeds[0].length > 1024 && seeds[1].length > 100);
	feed("layers", seeds, ELEMENTS(seeds), eat_layer);
	for (size_t i = 0; i < ELEMENTS(seeds); i++)
		free(seeds[i].data);
}

TEST(names) {
	static char text[] = "./usr/../.wh..wh..opq/a/.wh.b//c";
	feed("names", &(struct bytes){(uint8_t *)text, sizeof text - 1}, 1, eat_name);
}

int main(void) {
	RUN(spec);
	RUN(resources);
	RUN(seccomp);
	RUN(frames);
	RUN(dns);
	RUN(layers);
	RUN(names);
	return tap_done();
}
