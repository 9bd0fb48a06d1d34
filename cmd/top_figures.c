#include "top_figures.h"

#include <stdlib.h>

#include "../runtime/base/str.h"
#include "describe_quantity.h"

#define NANO_PER_MILLI 1000000
#define NANO_PER_MICRO 1000

/* "1139090n": finer than other quantities are read. */
static int64_t nano_of(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (str_eq(end, "n"))
		return n;
	if (str_eq(end, "u"))
		return n * NANO_PER_MICRO;
	return quantity_of(text).milli * NANO_PER_MILLI;
}

void top_add(struct top_amount *sum, const struct top_amount *a)
{
	sum->nano_cpus += a->nano_cpus;
	sum->bytes += a->bytes;
}

int64_t top_milli(const struct top_amount *a)
{
	return (a->nano_cpus + NANO_PER_MILLI - 1) / NANO_PER_MILLI;
}

int64_t top_mebi(const struct top_amount *a)
{
	return a->bytes / MIB;
}

struct top_amount top_amount_of(const json *obj, const char *key)
{
	const json *amounts = json_get(obj, key);

	return (struct top_amount){.nano_cpus = nano_of(json_str_or(amounts, "cpu", "0")),
	    .bytes = quantity_units(quantity_of(json_str_or(amounts, "memory", "0")))};
}

/* ---- order ---- */

struct item {
	const json *json; /* a pod or a container */
	const char *ns, *name;
	struct top_amount amount;
};

static int by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = strcmp(x->ns, y->ns);

	return c ? c : strcmp(x->name, y->name);
}

static int most_first(int64_t a, int64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int by_cpu(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = most_first(x->amount.nano_cpus, y->amount.nano_cpus);

	return c ? c : by_name(a, b);
}

static int by_memory(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = most_first(x->amount.bytes, y->amount.bytes);

	return c ? c : by_name(a, b);
}

static struct item *sorted(const json *list, bool pods, const char *by)
{
	struct item *items = xcalloc(json_len(list) + 1, sizeof(*items));
	size_t n = 0;

	json_for (it, list) {
		struct item *i = &items[n++];

		*i = (struct item){.json = it,
		    .ns = json_str_or(it, "metadata.namespace", ""),
		    .name = json_str_or(it, pods ? "metadata.name" : "name", "")};
		if (!pods)
			i->amount = top_amount_of(it, "usage");
		json_for (c, json_get(it, "containers")) {
			struct top_amount a = top_amount_of(c, "usage");

			top_add(&i->amount, &a);
		}
	}
	qsort(items, n, sizeof(*items),
	    str_eq(by, "cpu")      ? by_cpu
	    : str_eq(by, "memory") ? by_memory
				   : by_name);
	return items;
}

static size_t add_containers(const struct item *pod, const char *by, struct top_row *rows)
{
	const json *list = json_get(pod->json, "containers");
	auto_free struct item *containers = sorted(list, false, by);

	for (size_t i = 0; i < json_len(list); i++)
		rows[i] =
		    (struct top_row){pod->ns, pod->name, containers[i].name, containers[i].amount};
	return json_len(list);
}

size_t top_rows(const json *items, bool containers, const char *sort_by, struct top_row **ret)
{
	auto_free struct item *pods = sorted(items, true, sort_by);
	size_t n = 0, max = json_len(items);

	json_for (pod, items)
		max += json_len(json_get(pod, "containers"));
	*ret = xcalloc(max + 1, sizeof(**ret));
	for (size_t i = 0; i < json_len(items); i++) {
		if (containers)
			n += add_containers(&pods[i], sort_by, *ret + n);
		else
			(*ret)[n++] =
			    (struct top_row){pods[i].ns, pods[i].name, NULL, pods[i].amount};
	}
	return n;
}
