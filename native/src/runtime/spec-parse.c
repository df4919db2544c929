#include "runtime/spec-parse.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int spec_allocate(size_t count, size_t size, void *ret_pointer, struct error *err) {
	void *memory = calloc(count ? count : 1, size);
	if (!memory)
		return error_set(err, ENOMEM, "spec", "out of memory");
	memcpy(ret_pointer, &memory, sizeof memory);
	return 0;
}

int strings_copy(const json_t *array, const char *where, struct strings *ret, struct error *err) {
	size_t count = json_array_size(array);
	const char **items;
	int failed = spec_allocate(count + 1, sizeof *items, &items, err);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < count; i++) {
		failed = element_string(array, i, where, &items[i], err);
		if (failed < 0) {
			free((void *)items);
			return failed;
		}
	}
	ret->items = items;
	ret->count = count;
	return 0;
}

int take_optional_strings(struct object_reader *reader, const char *name, struct strings *ret, struct error *err) {
	const json_t *array;
	int present = take_optional_array(reader, name, &array, err);
	if (present <= 0)
		return present;
	char where[WHERE_SIZE];
	(void)snprintf(where, sizeof where, "%s.%s", reader->where, name);
	int failed = strings_copy(array, where, ret, err);
	return failed < 0 ? failed : 1;
}

void strings_free(struct strings *strings) {
	free((void *)strings->items);
	*strings = (struct strings){0};
}

int check_absolute(const char *path, const char *where, struct error *err) {
	if (path[0] != '/')
		return error_set(err, EINVAL, "spec", "%s: an absolute path is expected, not \"%.128s\"", where, path);
	for (const char *at = path; *at;) {
		at += strspn(at, "/");
		size_t length = strcspn(at, "/");
		if (length == 2 && at[0] == '.' && at[1] == '.')
			return error_set(err, EINVAL, "spec", "%s: \"..\" is not allowed in \"%.128s\"", where, path);
		at += length;
	}
	return 0;
}
