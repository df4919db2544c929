#include "oci/oci.h"

#include <errno.h>
#include <string.h>

int oci_main(int argc, char **argv);

static const struct {
    const char *name;
    int (*run)(const struct oci *oci, char **argv, struct error *err);
} commands[] = {
    {"create", command_create}, {"start", command_start},   {"run", command_run},     {"exec", command_exec},
    {"state", command_state},   {"kill", command_kill},     {"delete", command_delete}, {"pause", command_pause},
    {"resume", command_resume}, {"list", command_list},     {"ps", command_ps},
};

static int dispatch(const struct oci *oci, char **argv, struct error *err) {
    for (size_t i = 0; argv[0] && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, argv[0]) == 0)
            return commands[i].run(oci, argv + 1, err);
    return error_set(err, EINVAL, "usage", "a command is expected (create, start, run, exec, state, kill, delete, pause, resume, list, ps), not \"%.32s\"",
                     argv[0] ? argv[0] : "");
}

int oci_main(int argc, char **argv) {
    struct oci oci = {.root = "/run/berth-oci"};
    struct error err;
    const char *log = NULL, *format = "text", *manager = "cgroupfs";
    bool is_systemd = false, is_debug = false, shows_version = false;
    const struct option options[] = {
        {.name = "root", .text = &oci.root},
        {.name = "log", .text = &log},
        {.name = "log-format", .text = &format},
        {.name = "cgroup-manager", .text = &manager},
        {.name = "systemd-cgroup", .flag = &is_systemd},
        {.name = "debug", .flag = &is_debug},
        {.name = "version", .letter = 'v', .flag = &shows_version},
        {.name = NULL},
    };
    (void)argc;
    char **rest = options_parse(options, argv + 1, &err);
    int code = rest ? 0 : -1;
    if (rest && shows_version) {
        output_line("berth-oci version %s\nspec: 1.2.0", BERTH_VERSION);
        return 0;
    }
    if (rest && (is_systemd || strcmp(manager, "systemd") == 0))
        code = error_set(&err, ENOSYS, "cgroup", "the systemd cgroup driver is not there: use --cgroup-manager cgroupfs");
    if (code >= 0)
        code = dispatch(&oci, rest, &err);
    if (code >= 0)
        return code;
    output_failure(log, strcmp(format, "json") == 0, &err);
    return rest && rest[0] && strcmp(rest[0], "exec") == 0 ? 255 : 1; /* as runc: 255 is no program's code by accident */
}
