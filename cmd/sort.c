#include "sort.h"

#include "../runtime/base/jsonpath.h"
#include "../runtime/base/str.h"

struct keyed {
	json *item;
	const json *key; /* NULL: it has none */
	char *text;
	size_t at; /* its place before: equal keys keep their order */
};

static int compare(const void *pa, const void *pb)
{
	const struct keyed *a = pa, *b = pb;
	int c = 0;

	if (!a->key != !b->key)
		return a->key ? 1 : -1;
	if (a->key && json_type(a->key) == JSON_NUMBER && json_type(b->key) == JSON_NUMBER) {
		double da = json_number_value(a->key), db = json_number_value(b->key);

		c = da < db ? -1 : da > db;
	} else if (a->key) {
		c = strcmp(a->text, b->text);
	}
	return c ? c : a->at < b->at ? -1 : 1;
}

static const json *find_key(const struct jsonpath *path, const json *item)
{
	const json **found = NULL;
	const json *key = NULL;
	size_t len = 0;
	auto_err missing = {0};

	if (jsonpath_find(path, item, &found, &len, &missing) == 0 && len)
		key = found[0];
	free(found);
	return key;
}

int sort_objects(json **items, size_t len, const char *inside, const char *jsonpath, struct err *e)
{
	struct jsonpath *path = jsonpath_new(jsonpath, e);
	struct keyed *keyed;
	size_t with_key = 0;

	if (!path)
		return -1;
	keyed = xcalloc(len + 1, sizeof(*keyed));
	for (size_t i = 0; i < len; i++) {
		const json *where = inside ? json_get(items[i], inside) : items[i];

		keyed[i] = (struct keyed){.item = items[i], .key = find_key(path, where), .at = i};
		keyed[i].text = keyed[i].key ? json_scalar_text(keyed[i].key) : NULL;
		if (keyed[i].key && !keyed[i].text)
			keyed[i].text = xstrdup("");
		with_key += keyed[i].key != NULL;
	}
	if (with_key)
		qsort(keyed, len, sizeof(*keyed), compare);
	for (size_t i = 0; i < len; i++) {
		items[i] = keyed[i].item;
		free(keyed[i].text);
	}
	free(keyed);
	jsonpath_free(path);
	return with_key || !len
		   ? 0
		   : err_set(e, ERR_BAD_REQUEST,
			 "couldn't find any field with path \"%s\" in the list of objects",
			 jsonpath);
}
