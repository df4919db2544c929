#include "oci/oci.h"

#include <errno.h>
#include <string.h>

static const struct option *find(const struct option *options, const char *name, size_t length) {
    for (; options->name; options++)
        if ((length == 1 && options->letter == name[0]) || (strlen(options->name) == length && memcmp(options->name, name, length) == 0))
            return options;
    return NULL;
}

char **options_parse(const struct option *options, char **argv, struct error *err) {
    for (; *argv && (*argv)[0] == '-' && (*argv)[1]; argv++) {
        if (strcmp(*argv, "--") == 0)
            return argv + 1;
        const char *name = *argv + 1 + ((*argv)[1] == '-'), *equals = strchr(name, '=');
        const struct option *option = find(options, name, equals ? (size_t)(equals - name) : strlen(name));
        if (!option) {
            (void)error_set(err, EINVAL, "usage", "unknown option \"%.64s\"", *argv);
            return NULL;
        }
        if (option->flag) {
            *option->flag = !equals || strcmp(equals + 1, "true") == 0;
            continue;
        }
        const char *value = equals ? equals + 1 : *++argv;
        if (!value) {
            (void)error_set(err, EINVAL, "usage", "--%s: a value is expected", option->name);
            return NULL;
        }
        if (option->text)
            *option->text = value;
        else
            (void)json_array_append_new(option->list, json_string(value));
    }
    return argv;
}

int options_count(const char *text, unsigned *ret, struct error *err) {
    unsigned number = 0;
    for (const char *at = text ? text : ""; *at; at++) {
        if (*at < '0' || *at > '9' || number > 1000)
            return error_set(err, EINVAL, "usage", "--preserve-fds: a small number is expected, not \"%.32s\"", text);
        number = number * 10 + (unsigned)(*at - '0');
    }
    *ret = number;
    return 0;
}
