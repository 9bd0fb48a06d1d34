#include "../../runtime/base/buf.h"

#include "test.h"

TEST("a zeroed buffer is an empty string and may be filled and released")
{
	auto_buf b = {0};

	CHECK_STR(buf_str(&b), "");
	buf_add(&b, NULL, 0);
	buf_consume(&b, 5);
	buf_clear(&b);
	CHECK_STR(buf_str(&b), "");
	buf_adds(&b, "ab");
	buf_addch(&b, 'c');
	buf_addf(&b, "-%d", 42);
	buf_pad(&b, '.', 3);
	buf_pad(&b, '.', 0);
	CHECK_STR(buf_str(&b), "abc-42...");
	CHECK_INT(b.len, 9);
	CHECK(!b.overflow);
}

TEST("adding past the maximum adds nothing and is remembered until it is emptied")
{
	auto_buf b = {.max = 5};

	buf_adds(&b, "abc");
	buf_adds(&b, "def");
	CHECK(b.overflow);
	CHECK_STR(buf_str(&b), "abc");
	buf_addch(&b, 'd');
	CHECK_STR(buf_str(&b), "abc");
	buf_clear(&b);
	CHECK(!b.overflow);
	buf_adds(&b, "abcde");
	CHECK(!b.overflow);
	CHECK_STR(buf_str(&b), "abcde");
	buf_addch(&b, 'f');
	CHECK(b.overflow);
}

TEST("sizes near the end of the address space overflow instead of wrapping around")
{
	auto_buf b = {.max = 100};

	buf_adds(&b, "x");
	buf_add(&b, "", SIZE_MAX);
	CHECK(b.overflow);
	buf_clear(&b);
	buf_pad(&b, ' ', SIZE_MAX - 1);
	CHECK(b.overflow);
	CHECK_INT(b.len, 0);
}

TEST("formatted text of any length fits, or overflows as a whole")
{
	auto_buf b = {.max = 1000};

	buf_addf(&b, "%0255d", 7);
	CHECK_INT(b.len, 255);
	buf_addf(&b, "%0256d", 8);
	CHECK_INT(b.len, 511);
	CHECK(b.ptr[510] == '8' && b.ptr[254] == '7');
	buf_addf(&b, "%0500d", 9);
	CHECK(b.overflow);
	CHECK_INT(b.len, 511);
}

TEST("bytes are dropped from the front")
{
	auto_buf b = {0};

	buf_adds(&b, "abcdef");
	buf_consume(&b, 2);
	CHECK_STR(buf_str(&b), "cdef");
	buf_consume(&b, 0);
	CHECK_STR(buf_str(&b), "cdef");
	buf_consume(&b, 99);
	CHECK_STR(buf_str(&b), "");
	CHECK_INT(b.len, 0);
}

TEST("NUL bytes are contents like others")
{
	auto_buf b = {0};

	buf_add(&b, "a\0b", 3);
	CHECK_INT(b.len, 3);
	CHECK(memcmp(b.ptr, "a\0b", 4) == 0);
}

TEST("the contents can be taken, also when there are none")
{
	auto_buf b = {0};
	auto_free char *first = NULL, *second = NULL;

	buf_adds(&b, "text");
	first = buf_take(&b);
	second = buf_take(&b);
	CHECK_STR(first, "text");
	CHECK_STR(second, "");
	buf_adds(&b, "again");
	CHECK_STR(buf_str(&b), "again");
}

int main(void)
{
	return test_main();
}
