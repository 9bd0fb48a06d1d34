/* usage: how much room folders take on disk, in the way of du. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

/* Folders below that are counted themselves, what is in them is not. */
#define DEPTH_MAX 128
#define DIGITS_MAX 24

static unsigned long measure(int dir, int depth);

static unsigned long measure_entry(int dir, const char *name, int depth)
{
	struct stat st;
	unsigned long bytes;
	int fd;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	bytes = (unsigned long)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode)) /* a file of several names counts once */
		return st.st_nlink > 1 ? bytes / (unsigned long)st.st_nlink : bytes;
	fd = depth < DEPTH_MAX ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			       : -1;
	return fd < 0 ? bytes : bytes + measure(fd, depth + 1);
}

/* Closes dir. */
static unsigned long measure(int dir, int depth)
{
	_Alignas(struct dirent64) char room[4096];
	unsigned long sum = 0;
	ssize_t n;

	while ((n = getdents64(dir, room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct dirent64 *d = (struct dirent64 *)(room + at);

			sum += measure_entry(dir, d->d_name, depth);
			at += d->d_reclen;
		}
	}
	close(dir);
	return sum;
}

int be_usage(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int dir = open(argv[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		unsigned long n = dir < 0 ? 0 : measure(dir, 0);
		char line[DIGITS_MAX];
		size_t at = sizeof(line);

		line[--at] = '\n';
		do {
			line[--at] = (char)('0' + n % 10);
			n /= 10;
		} while (n);
		if (dir < 0 || write_all(1, line + at, sizeof(line) - at) != 0)
			return fails("cannot read a folder\n");
	}
	return 0;
}
