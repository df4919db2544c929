/* What another OCI runtime is given, and how its log is understood. Needs no root. */
#include "base/json.h"
#include "foreign/bundle.h"
#include "foreign/command.h"
#include "tap.h"

#include <errno.h>

static int read_log(const char *log, struct warnings *warnings, struct error *err) {
	*err = (struct error){0};
	return foreign_read_log(log, "create", "/bin/app", warnings, err);
}

TEST(the_last_failure_of_a_log_counts) {
	struct error err;
	CHECK_INT(read_log("", NULL, &err), 0);
	CHECK_INT(read_log("{\"level\":\"info\",\"msg\":\"x\"}\nnot json\n", NULL, &err), 0);
	CHECK(read_log("{\"level\":\"error\",\"msg\":\"first\"}\nnot json\n{\n  \"msg\": \"second\",\n  \"level\": \"error\"\n}\n", NULL, &err) < 0);
	CHECK_TEXT(err.message, strlen(err.message), "create: second");
	CHECK_INT(err.errnum, 0);
}

TEST(failures_of_the_program_are_told_apart) {
	static const struct {
		const char *message, *text;
		int errnum;
	} cases[] = {
		{"runc create failed: exec: \\\"/bin/app\\\": stat /bin/app: no such file or directory", "exec: \"/bin/app\": stat /bin/app: no such file or directory", ENOENT},
		{"executable file `/bin/app` not found: No such file or directory", "executable file `/bin/app` not found: No such file or directory", ENOENT},
		{"exec: \\\"/bin/app\\\": permission denied", "exec: \"/bin/app\": permission denied", EACCES},
		{"the path `/bin/app` exists but it is not executable: Operation not permitted", NULL, EACCES},
		{"error mounting \\\"/src\\\": no such file or directory", "create: error mounting \"/src\": no such file or directory", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct error err;
		char log[512];
		(void)snprintf(log, sizeof log, "{\"level\":\"error\",\"msg\":\"%s\"}", cases[i].message);
		CHECK(read_log(log, NULL, &err) < 0);
		CHECK_INT(err.errnum, cases[i].errnum);
		CHECK_TEXT(err.stage, strlen(err.stage), cases[i].errnum ? "exec" : "runtime");
		if (cases[i].text)
			CHECK_TEXT(err.message, strlen(err.message), cases[i].text);
	}
}

TEST(warnings_are_kept) {
	struct error err;
	struct warnings warnings = {NULL};
	CHECK_INT(read_log("{\"level\":\"warning\",\"msg\":\"no swap\"}\n{\"level\":\"warn\",\"msg\":\"old\"}", &warnings, &err), 0);
	CHECK_TEXT(warnings.lines, strlen(warnings.lines), "no swap\nold\n");
	warnings_free(&warnings);
}

static const char start_request[] =
	"{\"spec\":{\"ociVersion\":\"1.2.0\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"app\"],\"env\":[],\"cwd\":\"/\"},\"root\":{\"path\":\"/r\"},"
	"\"mounts\":[],\"annotations\":{\"berth.seccomp\":\"default\",\"mine\":\"1\"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"}],"
	"\"cgroupsPath\":\"/berth/c\"}},\"rootfs\":{\"kind\":\"directory\",\"path\":\"/r\"},\"stdio\":{\"stdin\":false,\"stdinOnce\":false},\"log\":{\"kind\":\"none\"},"
	"\"files\":[{\"path\":\"/run/secrets/a\",\"mode\":256,\"uid\":0,\"gid\":0,\"contentBase64\":\"aGk=\"}],\"onOom\":\"report\",\"init\":true,\"isDurable\":true,"
	"\"runtime\":{\"path\":\"/usr/bin/crun\",\"arguments\":[]}}";

TEST(the_bundle_is_in_the_specification_s_words) {
	struct error err;
	json_t *request = NULL, *spec = NULL;
	struct start_config config;
	const struct host host = {.bounding = ~0ULL};
	CHECK_INT(json_parse(start_request, sizeof start_request - 1, &request, &err), 0);
	CHECK_INT(start_config_parse(request, &config, &err), 0);
	CHECK_INT(bundle_config(&config, &host, "/bundle", &spec, &err), 0);
	json_t *bind = json_pack("[s, s, s, s, s]", "bind", "ro", "nosuid", "nodev", "rprivate");
	json_t *mounts = json_pack("[{s:s, s:s, s:s, s:O}, {s:s, s:s, s:s, s:O}]", "destination", "/run/secrets/a", "type", "bind", "source", "/bundle/files/0",
				   "options", bind, "destination", "/sbin/docker-init", "type", "bind", "source", "/bundle/init", "options", bind);
	CHECK(json_equal(json_object_get(spec, "mounts"), mounts));
	json_t *args = json_pack("[s, s, s]", "/sbin/docker-init", "--", "app");
	CHECK(json_equal(json_object_get(json_object_get(spec, "process"), "args"), args));
	json_t *annotations = json_pack("{s:s}", "mine", "1");
	CHECK(json_equal(json_object_get(spec, "annotations"), annotations));
	CHECK(json_object_get(json_object_get(json_object_get(spec, "linux"), "seccomp"), "syscalls") != NULL);
	json_decref(annotations);
	json_decref(args);
	json_decref(mounts);
	json_decref(bind);
	json_decref(spec);
	start_config_free(&config);
	json_decref(request);
}

TEST(user_namespaces_are_refused) {
	struct error err;
	json_t *request = NULL;
	struct start_config config;
	CHECK_INT(json_parse(start_request, sizeof start_request - 1, &request, &err), 0);
	json_t *linux_part = json_object_get(json_object_get(request, "spec"), "linux");
	(void)json_array_append_new(json_object_get(linux_part, "namespaces"), json_pack("{s:s}", "type", "user"));
	json_t *maps = json_pack("[{s:i, s:i, s:i}]", "containerID", 0, "hostID", 100000, "size", 65536);
	(void)json_object_set(linux_part, "uidMappings", maps);
	(void)json_object_set_new(linux_part, "gidMappings", maps);
	CHECK_INT(start_config_parse(request, &config, &err), -ENOSYS);
	CHECK_TEXT(err.message, strlen(err.message), "runtime: user namespaces are made by our own runtime only");
	json_decref(request);
}

int main(void) {
	RUN(the_last_failure_of_a_log_counts);
	RUN(failures_of_the_program_are_told_apart);
	RUN(warnings_are_kept);
	RUN(the_bundle_is_in_the_specification_s_words);
	RUN(user_namespaces_are_refused);
	return tap_done();
}
