#include "../../cmd/event_text.h"
#include "../../runtime/base/str.h"
#include "test.h"

#define NOW 1767323045 /* 2026-01-02T03:04:05Z */

static json *parsed(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), 0, &e);

	CHECK_STR(err_msg(&e), "");
	return j;
}

static const char *age(const char *text)
{
	static char out[128];
	auto_json *event = parsed(text);
	auto_buf b = {0};

	event_age(event, NOW, &b);
	snprintf(out, sizeof(out), "%s", buf_str(&b));
	return out;
}

TEST("an event says how long ago it was, and how often over which time")
{
	CHECK_STR(age("{\"firstTimestamp\":\"2026-01-02T03:03:05Z\",\"count\":1}"), "60s");
	CHECK_STR(age("{\"firstTimestamp\":\"2026-01-02T02:04:05Z\",\"lastTimestamp\":"
		      "\"2026-01-02T03:04:00Z\",\"count\":3}"),
	    "5s (x3 over 60m)");
	CHECK_STR(
	    age("{\"eventTime\":\"2026-01-02T03:04:00.000000Z\",\"firstTimestamp\":null}"), "5s");
	CHECK_STR(age("{\"eventTime\":\"2026-01-02T03:02:05.000000Z\",\"series\":{\"count\":7,"
		      "\"lastObservedTime\":\"2026-01-02T03:04:00.000000Z\"}}"),
	    "5s (x7 over 2m)");
}

TEST("an event without a time, or with one that is none, is as old as nobody knows")
{
	CHECK_STR(age("{}"), "<unknown>");
	CHECK_STR(age("{\"firstTimestamp\":\"soon\",\"count\":1}"), "<unknown>");
	CHECK_STR(age("{\"count\":2}"), "<unknown> (x2 over <unknown>)");
	CHECK_STR(age("{\"firstTimestamp\":7,\"count\":\"x\",\"series\":5}"),
	    "<unknown> (x0 over <unknown>)");
}

TEST("white space around a message is not shown")
{
	auto_json *event = parsed("{\"message\":\" \\n a  b \\t\\n\"}"), *none = parsed("{}");
	auto_free char *text = event_message(event), *nothing = event_message(none);

	CHECK_STR(text, "a  b");
	CHECK_STR(nothing, "");
}

TEST("events come in the order of their last occurrence, then of their versions")
{
	auto_json *all =
	    parsed("[{\"reason\":\"e\",\"lastTimestamp\":\"2026-01-02T03:04:05Z\",\"metadata\":{"
		   "\"resourceVersion\":\"12\"}},"
		   "{\"reason\":\"d\",\"lastTimestamp\":\"2026-01-02T03:04:05Z\",\"metadata\":{"
		   "\"resourceVersion\":\"9\"}},"
		   "{\"reason\":\"c\",\"eventTime\":\"2026-01-02T03:04:04.900000Z\"},"
		   "{\"reason\":\"f\",\"lastTimestamp\":\"2026-01-02T03:04:00Z\",\"series\":{"
		   "\"lastObservedTime\":\"2026-01-02T03:04:06.000000Z\"}},"
		   "{\"reason\":\"a\"},"
		   "{\"reason\":\"b\"}]");
	size_t len = 0;
	auto_free json **sorted = events_by_time(all, &len);
	auto_buf order = {0};

	CHECK_INT(len, 6);
	for (size_t i = 0; i < len; i++)
		buf_adds(&order, json_str_or(sorted[i], "reason", "?"));
	CHECK_STR(buf_str(&order), "abcdef");
}

int main(void)
{
	return test_main();
}
