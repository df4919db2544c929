/* One binary for all native parts: the first argument names the part. Each part offers `int <name>_main(int argc, char **argv)`, argv[0] = its name. */

#include "base/seal.h"
#include "report.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Weak, so that a build of some parts only (make PARTS=...) links; a missing part says so when it is asked for. */
int spawner_main(int argc, char **argv) __attribute__((weak));
int netd_main(int argc, char **argv) __attribute__((weak));
int layer_main(int argc, char **argv) __attribute__((weak));
int oci_main(int argc, char **argv) __attribute__((weak));

static int version_main(int argc, char **argv) {
	(void)argc;
	(void)argv;
	(void)printf("%s\n", BERTH_VERSION);
	return 0;
}

struct part {
	const char *name;
	int (*run)(int argc, char **argv);
	bool makes_containers;
};

/* The runtime's own program is never to be reached for writing from inside a container. */
static int run_part(const struct part *part, char **argv, int argc, char **arguments) {
	if (part->makes_containers)
		seal_program(argv);
	return part->run(argc, arguments);
}

int main(int argc, char **argv) {
	const struct part parts[] = {
		{"spawner", spawner_main, true},
		{"netd", netd_main, false},
		{"layer", layer_main, false},
		{"oci", oci_main, true},
		{"version", version_main, false},
	};
	const char *name = argc > 0 && strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argc > 0 ? argv[0] : "";
	if (oci_main && (strcmp(name, "berth-oci") == 0 || strcmp(name, "berth-runtime") == 0))
		return run_part(&(struct part){"oci", oci_main, true}, argv, argc, argv);
	if (argc < 2) {
		report_usage("a part is expected");
		return 2;
	}
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(argv[1], parts[i].name) != 0)
			continue;
		if (parts[i].run)
			return run_part(&parts[i], argv, argc - 1, argv + 1);
		report_usage("this build has no such part");
		return 2;
	}
	report_usage("unknown part");
	return 2;
}
