#include "map.h"

#include "rand.h"

#include <stdint.h>

#define FIRST_BUCKETS 16

struct map_entry {
	struct map_entry *next;
	uint64_t hash;
	void *value;
	char key[];
};

/*
 * SipHash-1-3 with a key of this process: names come from manifests and from the network, and
 * nobody there shall be able to choose keys that fall into one bucket.
 */
#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] = ROTATE(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[2] = ROTATE(v[2], 32);
}

static uint64_t hash_key(const char *key, size_t len)
{
	static uint64_t secret[2];
	uint64_t v[4], word;
	size_t left = len;

	while (secret[0] == 0)
		rand_bytes(secret, sizeof(secret));
	v[0] = secret[0] ^ UINT64_C(0x736f6d6570736575);
	v[1] = secret[1] ^ UINT64_C(0x646f72616e646f6d);
	v[2] = secret[0] ^ UINT64_C(0x6c7967656e657261);
	v[3] = secret[1] ^ UINT64_C(0x7465646279746573);
	for (;;) {
		size_t n = left < 8 ? left : 8;

		word = n < 8 ? (uint64_t)len << 56 : 0;
		for (size_t i = 0; i < n; i++)
			word |= (uint64_t)(unsigned char)key[i] << (8 * i);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		if (n < 8)
			break;
		key += 8;
		left -= 8;
	}
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The link that points to the key's entry, or the end of its bucket. */
static struct map_entry **find(const struct map *m, const char *key, uint64_t hash)
{
	struct map_entry **link = &m->buckets[hash & (m->bucket_count - 1)];

	while (*link && ((*link)->hash != hash || strcmp((*link)->key, key) != 0))
		link = &(*link)->next;
	return link;
}

static void grow(struct map *m)
{
	size_t count = m->bucket_count ? m->bucket_count * 2 : FIRST_BUCKETS;
	struct map_entry **buckets = xcalloc(count, sizeof(struct map_entry *));

	for (size_t i = 0; i < m->bucket_count; i++) {
		struct map_entry *entry = m->buckets[i], *next;

		for (; entry; entry = next) {
			next = entry->next;
			entry->next = buckets[entry->hash & (count - 1)];
			buckets[entry->hash & (count - 1)] = entry;
		}
	}
	free(m->buckets);
	m->buckets = buckets;
	m->bucket_count = count;
}

void *map_get(const struct map *m, const char *key)
{
	const struct map_entry *entry;

	if (m->len == 0)
		return NULL;
	entry = *find(m, key, hash_key(key, strlen(key)));
	return entry ? entry->value : NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	size_t len = strlen(key);
	uint64_t hash = hash_key(key, len);
	struct map_entry *entry, **link;

	if (m->len >= m->bucket_count)
		grow(m);
	link = find(m, key, hash);
	if (*link) {
		void *old = (*link)->value;

		(*link)->value = value;
		return old;
	}
	entry = xmalloc(sizeof(*entry) + len + 1);
	entry->next = NULL;
	entry->hash = hash;
	entry->value = value;
	memcpy(entry->key, key, len + 1);
	*link = entry;
	m->len++;
	return NULL;
}

void *map_del(struct map *m, const char *key)
{
	struct map_entry **link, *entry;
	void *value;

	if (m->len == 0)
		return NULL;
	link = find(m, key, hash_key(key, strlen(key)));
	entry = *link;
	if (!entry)
		return NULL;
	*link = entry->next;
	value = entry->value;
	free(entry);
	m->len--;
	return value;
}

void map_release(struct map *m, void (*free_value)(void *))
{
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct map_entry *entry = m->buckets[i], *next;

		for (; entry; entry = next) {
			next = entry->next;
			if (free_value)
				free_value(entry->value);
			free(entry);
		}
	}
	free(m->buckets);
	memset(m, 0, sizeof(*m));
}

/* it->next is kept one ahead, so that the entry handed out may be deleted. */
bool map_next(const struct map *m, struct map_iter *it, const char **key, void **value)
{
	struct map_entry *entry = it->next;

	while (!entry && it->bucket < m->bucket_count)
		entry = m->buckets[it->bucket++];
	it->started = true;
	if (!entry)
		return false;
	it->next = entry->next;
	if (key)
		*key = entry->key;
	if (value)
		*value = entry->value;
	return true;
}
