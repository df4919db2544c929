#include "oci/oci.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int oci_main(int argc, char **argv);

struct command {
	const char *name;
	int (*run)(const struct oci *oci, char **argv, struct error *err);
	const char *what;
};

static const struct command commands[] = {
	{"create", command_create, "make a container from a bundle, up to its program"},
	{"start", command_start, "run the program of a created container"},
	{"run", command_run, "create and start, and wait unless --detach is given"},
	{"exec", command_exec, "run another program in a running container"},
	{"state", command_state, "the state of a container, as JSON"},
	{"kill", command_kill, "send a signal to a container's first process, or to all"},
	{"delete", command_delete, "remove what a stopped container holds"},
	{"pause", command_pause, "freeze all processes"},
	{"resume", command_resume, "thaw them"},
	{"update", command_update, "change limits of a running container"},
	{"events", command_events, "counters and OOM kills, as lines of JSON"},
	{"list", command_list, "all containers below --root"},
	{"ps", command_ps, "the processes of a container"},
	{"features", command_features, "what this runtime can do, as JSON"},
	{"spec", command_spec, "write a config.json to begin with"},
};

static void print_help(void) {
	output_line("usage: berth-oci [--root DIR] [--log FILE] [--log-format text|json] [--debug] [--cgroup-manager cgroupfs] COMMAND ...\n\nCommands:");
	for (size_t i = 0; i < ELEMENTS(commands); i++)
		output_line("  %-10s %s", commands[i].name, commands[i].what);
}

static int dispatch(const struct oci *oci, char **argv, struct error *err) {
	if (argv[0] && strcmp(argv[0], "help") == 0) {
		print_help();
		return 0;
	}
	for (size_t i = 0; argv[0] && i < ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, argv[0]) == 0)
			return commands[i].run(oci, argv + 1, err);
	return error_set(err, EINVAL, "usage", "\"%.32s\" is no command: `berth-oci help` lists them", argv[0] ? argv[0] : "");
}

/* Of JSON objects: by itself the library would open, read and close /dev/urandom. */
static void seed_hashes(void) {
	unsigned seed;
	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == sizeof seed)
		json_object_seed(seed);
}

int oci_main(int argc, char **argv) {
	struct oci oci = {.root = "/run/berth-oci"};
	struct error err;
	const char *log = NULL, *format = "text", *manager = "cgroupfs", *ignored;
	bool is_systemd = false, is_debug = false, shows_version = false, shows_help = false;
	const struct option options[] = {
		{.name = "root", .text = &oci.root},
		{.name = "log", .text = &log},
		{.name = "log-format", .text = &format},
		{.name = "log-level", .text = &ignored},
		{.name = "cgroup-manager", .text = &manager},
		{.name = "systemd-cgroup", .flag = &is_systemd},
		{.name = "rootless", .text = &ignored},
		{.name = "criu", .text = &ignored},
		{.name = "debug", .flag = &is_debug},
		{.name = "help", .letter = 'h', .flag = &shows_help},
		{.name = "version", .letter = 'v', .flag = &shows_version},
		{.name = NULL},
	};
	(void)argc;
	seed_hashes();
	char **rest = options_parse(options, argv + 1, &err);
	int code = rest ? 0 : -1;
	if (rest && (shows_version || shows_help || !rest[0])) {
		if (shows_version)
			output_line("berth-oci version %s\nspec: 1.2.0", BERTH_VERSION);
		else
			print_help();
		return 0;
	}
	/* crun writes --log file:PATH */
	output_configure(log && strncmp(log, "file:", 5) == 0 ? log + 5 : log, strcmp(format, "json") == 0);
	if (rest && (is_systemd || strcmp(manager, "systemd") == 0))
		code = error_set(&err, ENOSYS, "cgroup", "the systemd cgroup driver is not there: use --cgroup-manager cgroupfs");
	if (code >= 0)
		code = dispatch(&oci, rest, &err);
	if (code >= 0)
		return code;
	output_failure(&err);
	return rest && rest[0] && strcmp(rest[0], "exec") == 0 ? 255 : 1; /* as runc: 255 is no program's code by accident */
}
