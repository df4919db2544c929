#pragma once
/*
 * Names of archive entries: from the bytes an archive gives to a path that is safe to use below a root. Pure.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { ENTRY_PATH_SIZE = 4096, ENTRY_COMPONENT_MAX = 255, ENTRY_DISPLAY_SIZE = 160 };

enum entry_kind {
	ENTRY_ROOT,     /* the root itself; `path` is "" */
	ENTRY_ORDINARY, /* `path` */
	ENTRY_WHITEOUT, /* hides `path` of lower layers (a/.wh.b -> a/b) */
	ENTRY_OPAQUE,   /* hides everything of lower layers in the directory `path` (a/.wh..wh..opq -> a) */
	ENTRY_IGNORED,  /* bookkeeping of AUFS (.wh..wh.plnk/...) */
};

struct entry_name {
	enum entry_kind kind;
	size_t base;                /* offset of the last component in `path` */
	char path[ENTRY_PATH_SIZE]; /* components separated by single slashes, no leading slash, never "." or ".." */
};

/*
 * Normalises `raw`: leading slashes and "." components go. Refused with stage "archive": no name at all, a ".." component, a component or path
 * that is too long, and, with `has_whiteouts`, reserved names that mean nothing. Link targets are parsed with has_whiteouts = false.
 */
int entry_name_parse(const char *raw, bool has_whiteouts, struct entry_name *ret_name, struct error *err);

/* `raw` for a message: control characters, and every byte of a name that is not UTF-8, as \xNN; a long one is cut with "...". */
void entry_name_display(const char *raw, char ret_text[static ENTRY_DISPLAY_SIZE]);
