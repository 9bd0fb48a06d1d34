#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

#define GZIP_FORMAT (15 + 16) /* the window, and a gzip header rather than zlib's own */
#define PIECE_BYTES (64 * KIB)

static void deflate_text(z_stream *z, const struct buf *text, int flush, struct buf *out)
{
	unsigned char piece[PIECE_BYTES];

	z->next_in = (unsigned char *)text->ptr;
	z->avail_in = (unsigned)text->len;
	do {
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		deflate(z, flush);
		buf_add(out, piece, sizeof(piece) - z->avail_out);
	} while (z->avail_out == 0);
}

void gzip_texts(const struct buf *head, const struct buf *text, struct buf *out)
{
	z_stream z = {0};

	if (deflateInit2(&z, 1, Z_DEFLATED, GZIP_FORMAT, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort(); /* out of memory */
	deflate_text(&z, head, Z_NO_FLUSH, out);
	deflate_text(&z, text, Z_FINISH, out);
	deflateEnd(&z);
}
