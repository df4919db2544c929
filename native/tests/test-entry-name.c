/* Names of archive entries: what becomes of them, and how they are shown. */
#include "layer/entry-name.h"
#include "tap.h"

#include <string.h>

struct name_case {
	const char *raw;
	enum entry_kind kind;
	const char *path; /* NULL: refused */
	const char *base;
};

static const struct name_case cases[] = {
	{"a", ENTRY_ORDINARY, "a", "a"},
	{"./a/./b//c/", ENTRY_ORDINARY, "a/b/c", "c"},
	{"/abs/x", ENTRY_ORDINARY, "abs/x", "x"},
	{"./", ENTRY_ROOT, "", ""},
	{"/", ENTRY_ROOT, "", ""},
	{"..a/b..", ENTRY_ORDINARY, "..a/b..", "b.."},
	{"", ENTRY_ROOT, NULL, NULL},
	{"..", ENTRY_ROOT, NULL, NULL},
	{"a/..", ENTRY_ROOT, NULL, NULL},
	{"a/../b", ENTRY_ROOT, NULL, NULL},
	{"a/.wh.b", ENTRY_WHITEOUT, "a/b", "b"},
	{".wh.b", ENTRY_WHITEOUT, "b", "b"},
	{"a/b/.wh..wh..opq", ENTRY_OPAQUE, "a/b", "b"},
	{".wh..wh..opq", ENTRY_OPAQUE, "", ""},
	{".wh..wh.plnk/1", ENTRY_IGNORED, ".wh..wh.plnk/1", "1"},
	{"a/.wh.", ENTRY_ROOT, NULL, NULL},
	{"a/.wh..", ENTRY_ROOT, NULL, NULL},
	{"a/.wh...", ENTRY_ROOT, NULL, NULL},
	{"a/.wh.x/b", ENTRY_ROOT, NULL, NULL},
	{".wh..wh.x", ENTRY_IGNORED, ".wh..wh.x", ".wh..wh.x"},
};

TEST(names_are_normalised_or_refused) {
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct name_case *expected = &cases[i];
		struct entry_name name;
		struct error err;
		int result = entry_name_parse(expected->raw, true, &name, &err);
		if (!expected->path)
			CHECK(result < 0 && strcmp(err.stage, "archive") == 0);
		else
			CHECK(result == 0 && name.kind == expected->kind && strcmp(name.path, expected->path) == 0 &&
				   strcmp(name.path + name.base, expected->base) == 0);
	}
}

TEST(lengths_are_bounded) {
	char raw[2 * ENTRY_PATH_SIZE];
	struct entry_name name;
	struct error err;
	memset(raw, 'x', 256);
	raw[255] = '\0';
	CHECK(entry_name_parse(raw, true, &name, &err) == 0);
	memset(raw, 'x', 256);
	raw[256] = '\0';
	CHECK(entry_name_parse(raw, true, &name, &err) < 0);
	for (size_t i = 0; i < ENTRY_PATH_SIZE; i++)
		raw[i] = i % 2 == 0 ? 'x' : '/';
	raw[ENTRY_PATH_SIZE - 1] = '\0';
	CHECK(entry_name_parse(raw, true, &name, &err) == 0);
	raw[ENTRY_PATH_SIZE - 1] = '/';
	raw[ENTRY_PATH_SIZE] = 'x';
	raw[ENTRY_PATH_SIZE + 1] = '\0';
	CHECK(entry_name_parse(raw, true, &name, &err) < 0);
}

TEST(names_are_shown_safely) {
	char shown[ENTRY_DISPLAY_SIZE];
	entry_name_display("a\x1b[31m\n\\\x7f", shown);
	CHECK(strcmp(shown, "a\\x1b[31m\\x0a\\\\\\x7f") == 0);
	entry_name_display("\xc3\xbc \xff\xc2\x9b\xed\xa0\x80", shown);
	CHECK(strcmp(shown, "\xc3\xbc \\xff\\xc2\\x9b\\xed\\xa0\\x80") == 0);
	char raw[4000];
	memset(raw, '\n', sizeof raw - 1);
	raw[sizeof raw - 1] = '\0';
	entry_name_display(raw, shown);
	CHECK(strlen(shown) < ENTRY_DISPLAY_SIZE && strcmp(shown + strlen(shown) - 3, "...") == 0);
}

int main(void) {
	RUN(names_are_normalised_or_refused);
	RUN(lengths_are_bounded);
	RUN(names_are_shown_safely);
	return tap_done();
}
