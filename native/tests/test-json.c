/* Strict reading: types, ranges, unknown and missing members, and messages that name the place. */
#include "base/json.h"
#include "tap.h"

#include <errno.h>

static json_t *parse(const char *text) {
	struct error err;
	json_t *value = NULL;
	return json_parse(text, strlen(text), &value, &err) < 0 ? NULL : value;
}

TEST(takes_what_is_there) {
	_cleanup_json_ json_t *value = parse("{\"name\":\"web\",\"count\":3,\"on\":true,\"list\":[1,\"x\"],\"sub\":{}}");
	struct error err;
	struct object_reader reader;
	const char *name;
	int64_t count, absent = 7;
	bool on;
	const json_t *list, *sub;
	CHECK_INT(object_open(&reader, value, "service", &err), 0);
	CHECK_INT(take_string(&reader, "name", &name, &err), 0);
	CHECK_INT(take_integer(&reader, "count", 0, 10, &count, &err), 0);
	CHECK_INT(take_bool(&reader, "on", &on, &err), 0);
	CHECK_INT(take_array(&reader, "list", &list, &err), 0);
	CHECK_INT(take_object(&reader, "sub", &sub, &err), 0);
	CHECK_INT(take_optional_integer(&reader, "absent", 0, 10, &absent, &err), 0);
	CHECK_INT(object_close(&reader, &err), 0);
	CHECK_TEXT(name, strlen(name), "web");
	CHECK_INT(count, 3);
	CHECK_INT(absent, 7);
	CHECK(on);
	int64_t element;
	CHECK_INT(element_integer(list, 0, "list", 0, 5, &element, &err), 0);
	CHECK_INT(element_integer(list, 1, "list", 0, 5, &element, &err), -EINVAL);
	CHECK_TEXT(err.message, strlen(err.message), "list[1]: an integer is expected");
}

TEST(names_the_unknown_member) {
	_cleanup_json_ json_t *value = parse("{\"op\":\"x\",\"colour\":1}");
	struct error err;
	struct object_reader reader;
	const char *op;
	CHECK_INT(object_open(&reader, value, "request", &err), 0);
	CHECK_INT(take_string(&reader, "op", &op, &err), 0);
	CHECK_INT(object_close(&reader, &err), -EINVAL);
	CHECK_TEXT(err.message, strlen(err.message), "request: unknown member \"colour\"");
}

TEST(refuses_wrong_types_and_ranges) {
	_cleanup_json_ json_t *value = parse("{\"real\":1.5,\"big\":70000,\"text\":\"a\\u0000b\",\"null\":null}");
	/* jansson refuses \u0000 unless asked for: the document itself is invalid */
	CHECK(value == NULL);
	_cleanup_json_ json_t *second = parse("{\"real\":1.5,\"big\":70000,\"null\":null}");
	struct error err;
	struct object_reader reader;
	int64_t number;
	const char *text;
	CHECK_INT(object_open(&reader, second, "x", &err), 0);
	CHECK_INT(take_integer(&reader, "real", 0, 10, &number, &err), -EINVAL);
	CHECK_INT(take_integer(&reader, "big", 0, 65535, &number, &err), -ERANGE);
	CHECK_TEXT(err.message, strlen(err.message), "x.big: 70000 is not within 0..65535");
	CHECK_INT(take_optional_string(&reader, "null", &text, &err), -EINVAL);
	CHECK_INT(take_string(&reader, "missing", &text, &err), -EINVAL);
	CHECK_TEXT(err.message, strlen(err.message), "x.missing: missing");
	CHECK_INT(object_open(&reader, json_object_get(second, "big"), "y", &err), -EINVAL);
}

TEST(refuses_broken_documents) {
	const char *const broken[] = {"", "{", "{}x", "{\"a\":1,\"a\":2}", "\xff", "{\"a\":99999999999999999999}"};
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
		CHECK(parse(broken[i]) == NULL);
	static char deep[100001];
	memset(deep, '[', sizeof deep - 1);
	CHECK(parse(deep) == NULL);
}

TEST(errors_are_always_valid_json) {
	struct error err;
	(void)error_set(&err, ENOENT, "open", "no \"%s\"", "\xff\xfe");
	_cleanup_json_ json_t *value = error_to_json(&err);
	CHECK(value != NULL);
	const char *message = json_string_value(json_object_get(value, "message"));
	CHECK_TEXT(message, strlen(message), "no \"??\"");
}

int main(void) {
	RUN(takes_what_is_there);
	RUN(names_the_unknown_member);
	RUN(refuses_wrong_types_and_ranges);
	RUN(refuses_broken_documents);
	RUN(errors_are_always_valid_json);
	return tap_done();
}
