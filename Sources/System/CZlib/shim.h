// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zlib.h>

// deflateInit2 is a macro. 15 bits of window, raw deflate: header and trailer are the caller's.
static inline int amfleet_deflate_init_raw(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
}

// inflateInit2 is a macro. A gzip wrapper is demanded and checked.
static inline int amfleet_inflate_init_gzip(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
