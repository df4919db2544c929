#include "layer/entry-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char stage[] = "archive";
static const char whiteout_prefix[] = ".wh.";
static const char opaque_name[] = ".wh..wh..opq";
static const char bookkeeping_prefix[] = ".wh..wh.";

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

static int refuse(const char *raw, const char *why, struct error *err) {
	char shown[ENTRY_DISPLAY_SIZE];
	entry_name_display(raw, shown);
	return error_set(err, EINVAL, stage, "entry \"%s\": %s", shown, why);
}

/* Appends one component; `name->base` is where it begins. */
static int append(struct entry_name *name, size_t *length, const char *component, size_t size, const char *raw, struct error *err) {
	if (size > ENTRY_COMPONENT_MAX)
		return refuse(raw, "a component of the name is longer than 255 bytes", err);
	size_t separator = *length > 0 ? 1 : 0;
	if (*length + separator + size >= sizeof name->path)
		return refuse(raw, "the name is longer than 4095 bytes", err);
	if (separator)
		name->path[(*length)++] = '/';
	name->base = *length;
	memcpy(name->path + *length, component, size);
	*length += size;
	name->path[*length] = '\0';
	return 0;
}

static int normalise(const char *raw, struct entry_name *name, struct error *err) {
	size_t length = 0;
	name->path[0] = '\0';
	name->base = 0;
	for (const char *at = raw; *at;) {
		size_t size = strcspn(at, "/");
		bool is_up = size == 2 && at[0] == '.' && at[1] == '.';
		if (is_up)
			return refuse(raw, "the name goes up with \"..\"", err);
		if (size > 0 && !(size == 1 && at[0] == '.')) {
			int result = append(name, &length, at, size, raw, err);
			if (result < 0)
				return result;
		}
		at += size;
		at += strspn(at, "/");
	}
	name->kind = length == 0 ? ENTRY_ROOT : ENTRY_ORDINARY;
	return 0;
}

static bool has_component_with(const char *path, const char *prefix) {
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (starts_with(at, prefix))
			return true;
	}
	return false;
}

/* Cuts the last component off. */
static void drop_base(struct entry_name *name) {
	size_t end = name->base > 0 ? name->base - 1 : 0;
	name->path[end] = '\0';
	const char *slash = strrchr(name->path, '/');
	name->base = slash ? (size_t)(slash + 1 - name->path) : 0;
}

/* Reads the meaning out of `.wh.` names. */
static int classify(const char *raw, struct entry_name *name, struct error *err) {
	char *base = name->path + name->base;
	if (strcmp(base, opaque_name) == 0) {
		drop_base(name);
		if (has_component_with(name->path, whiteout_prefix))
			return refuse(raw, "\".wh.\" names are reserved for whiteouts", err);
		name->kind = ENTRY_OPAQUE;
		return 0;
	}
	if (has_component_with(name->path, bookkeeping_prefix)) {
		name->kind = ENTRY_IGNORED;
		return 0;
	}
	if (!starts_with(base, whiteout_prefix)) {
		if (has_component_with(name->path, whiteout_prefix))
			return refuse(raw, "\".wh.\" names are reserved for whiteouts", err);
		return 0;
	}
	const char *hidden = base + strlen(whiteout_prefix);
	if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return refuse(raw, "the whiteout names nothing that can be hidden", err);
	memmove(base, hidden, strlen(hidden) + 1);
	if (has_component_with(name->path, whiteout_prefix))
		return refuse(raw, "\".wh.\" names are reserved for whiteouts", err);
	name->kind = ENTRY_WHITEOUT;
	return 0;
}

int entry_name_parse(const char *raw, bool has_whiteouts, struct entry_name *ret_name, struct error *err) {
	if (raw[0] == '\0')
		return refuse(raw, "it has no name", err);
	int result = normalise(raw, ret_name, err);
	if (result < 0 || !has_whiteouts || ret_name->kind == ENTRY_ROOT)
		return result;
	return classify(raw, ret_name, err);
}

/* Length of the UTF-8 sequence at `text`, 0 when it is none (overlong forms, surrogates and C1 controls are none either). */
static size_t sequence_length(const unsigned char *text) {
	if (text[0] < 0x80)
		return 1;
	size_t length = text[0] >= 0xf0 && text[0] <= 0xf4 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	bool is_overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
	bool is_outside = (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf4 && text[1] > 0x8f);
	bool is_control = text[0] == 0xc2 && text[1] < 0xa0;
	return is_overlong || is_outside || is_control ? 0 : length;
}

/* One character of `text` as it is shown. Returns how many bytes of `text` it stands for. */
static size_t show(const unsigned char *text, char ret_shown[static 8]) {
	size_t length = sequence_length(text);
	bool is_plain = length > 1 || (length == 1 && text[0] >= 0x20 && text[0] != 0x7f && text[0] != '\\');
	if (is_plain) {
		memcpy(ret_shown, text, length);
		ret_shown[length] = '\0';
		return length;
	}
	(void)snprintf(ret_shown, 8, text[0] == '\\' ? "\\\\" : "\\x%02x", text[0]);
	return 1;
}

void entry_name_display(const char *raw, char ret_text[static ENTRY_DISPLAY_SIZE]) {
	size_t used = 0;
	for (const unsigned char *at = (const unsigned char *)raw; *at;) {
		char shown[8];
		size_t taken = show(at, shown);
		size_t length = strlen(shown);
		if (used + length + 4 > ENTRY_DISPLAY_SIZE) {
			memcpy(ret_text + used, "...", 4);
			return;
		}
		memcpy(ret_text + used, shown, length);
		used += length;
		at += taken;
	}
	ret_text[used] = '\0';
}
