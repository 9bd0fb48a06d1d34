#include "../../runtime/base/workqueue.h"

#include "test.h"

TEST("work is taken in the order it came, each once, and can be added again after that")
{
	struct work w[3] = {0};
	struct workqueue q = {0};

	CHECK(!workqueue_take(&q));
	workqueue_add(&q, &w[1]);
	workqueue_add(&q, &w[0]);
	workqueue_add(&q, &w[1]);
	CHECK(workqueue_take(&q) == &w[1]);
	workqueue_add(&q, &w[1]);
	CHECK(workqueue_take(&q) == &w[0]);
	CHECK(workqueue_take(&q) == &w[1]);
	CHECK(!workqueue_take(&q));
}

TEST("first, middle and last can be removed, and what is in no queue too")
{
	for (size_t gone = 0; gone < 4; gone++) {
		struct work w[4] = {0};
		struct workqueue q = {0};

		for (size_t i = 0; i < 3; i++)
			workqueue_add(&q, &w[i]);
		workqueue_remove(&q, &w[gone]);
		workqueue_add(&q, &w[3]);
		for (size_t i = 0; i < 4; i++)
			if (i != gone || gone == 3)
				CHECK(workqueue_take(&q) == &w[i]);
		CHECK(!workqueue_take(&q));
	}
}

int main(void)
{
	return test_main();
}
