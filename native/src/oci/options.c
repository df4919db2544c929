#include "oci/oci.h"

#include <errno.h>
#include <string.h>

static const struct option *find(const struct option *options, const char *name, size_t length) {
	for (; options->name; options++)
		if ((length == 1 && options->letter == name[0]) || (strlen(options->name) == length && memcmp(options->name, name, length) == 0))
			return options;
	return NULL;
}

static const struct option *find_letter(const struct option *options, char letter) {
	for (; options->name; options++)
		if (options->letter == letter)
			return options;
	return NULL;
}

static void give(const struct option *option, const char *value) {
	if (option->text)
		*option->text = value;
	else
		(void)json_array_append_new(option->list, json_string(value));
}

/* "-af", "-u1000": letters of flags, the last of which may be an option with its value. */
static bool take_letters(const struct option *options, const char *text) {
	for (; *text; text++) {
		const struct option *option = find_letter(options, *text);
		if (!option || (!option->flag && !text[1]))
			return false;
		if (!option->flag) {
			give(option, text + 1);
			return true;
		}
		*option->flag = true;
	}
	return true;
}

/* One option at *argv; *argv is then the last word that it took. */
static int take(const struct option *options, char ***argv, struct error *err) {
	const char *word = **argv, *name = word + 1 + (word[1] == '-'), *equals = strchr(name, '=');
	const struct option *option = find(options, name, equals ? (size_t)(equals - name) : strlen(name));
	if (!option)
		return word[1] != '-' && take_letters(options, word + 1) ? 0 : error_set(err, EINVAL, "usage", "unknown option \"%.64s\"", word);
	if (option->flag) {
		*option->flag = !equals || strcmp(equals + 1, "true") == 0;
		return 0;
	}
	const char *value = equals ? equals + 1 : *++*argv;
	if (!value)
		return error_set(err, EINVAL, "usage", "--%s: a value is expected", option->name);
	give(option, value);
	return 0;
}

char **options_parse(const struct option *options, char **argv, struct error *err) {
	for (; *argv && (*argv)[0] == '-' && (*argv)[1]; argv++) {
		if (strcmp(*argv, "--") == 0)
			return argv + 1;
		if (take(options, &argv, err) < 0)
			return NULL;
	}
	return argv;
}

char **options_parse_anywhere(const struct option *options, char **argv, struct error *err) {
	char **rest = argv, **end = argv;
	for (; *argv; argv++) {
		if (strcmp(*argv, "--") == 0) {
			while (*++argv)
				*end++ = *argv;
			break;
		}
		if ((*argv)[0] != '-' || !(*argv)[1])
			*end++ = *argv;
		else if (take(options, &argv, err) < 0)
			return NULL;
	}
	*end = NULL;
	return rest;
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
