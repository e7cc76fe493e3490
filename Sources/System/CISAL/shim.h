// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <isa-l.h>
#include <stddef.h>
#include <stdlib.h>

// crc32_iscsi counts in int and wants a mutable pointer; the register is kept inverted by the caller's convention.
static inline uint32_t amfleet_crc32c(uint32_t crc, const void *bytes, size_t count) {
    const unsigned char *next = (const unsigned char *)bytes;
    crc = ~crc;
    while (count > 0) {
        int step = count > (1 << 30) ? (1 << 30) : (int)count;
        crc = crc32_iscsi((unsigned char *)next, step, crc);
        next += step;
        count -= (size_t)step;
    }
    return ~crc;
}

// The states are structures of some 100 KiB that Swift would import as tuples; each call here makes and frees its own.

// Raw deflate at level 2 of the whole input: bytes written; 0 if it does not fit; -1 without memory.
static inline long amfleet_isal_deflate(const void *input, uint32_t inputCount, void *output, uint32_t outputCount) {
    struct isal_zstream *stream = malloc(sizeof *stream);
    unsigned char *levelBuffer = malloc(ISAL_DEF_LVL2_DEFAULT);
    long written = -1;
    if (stream && levelBuffer) {
        isal_deflate_init(stream);
        stream->level = 2;
        stream->level_buf = levelBuffer;
        stream->level_buf_size = ISAL_DEF_LVL2_DEFAULT;
        stream->gzip_flag = IGZIP_DEFLATE;
        stream->end_of_stream = 1;
        stream->next_in = (unsigned char *)input;
        stream->avail_in = inputCount;
        stream->next_out = output;
        stream->avail_out = outputCount;
        int isDone = isal_deflate(stream) == COMP_OK && stream->internal_state.state == ZSTATE_END;
        written = isDone ? (long)stream->total_out : 0;
    }
    free(levelBuffer);
    free(stream);
    return written;
}

// Raw inflate of the whole input: bytes written; -1 if the input is no complete deflate stream, has bytes left over or
// does not fit; -2 without memory.
static inline long amfleet_isal_inflate(const void *input, uint32_t inputCount, void *output, uint32_t outputCount) {
    struct inflate_state *state = malloc(sizeof *state);
    if (!state) return -2;
    isal_inflate_init(state);
    state->crc_flag = ISAL_DEFLATE;
    state->next_in = (unsigned char *)input;
    state->avail_in = inputCount;
    state->next_out = output;
    state->avail_out = outputCount;
    int status = isal_inflate_stateless(state);
    int isWhole = status == ISAL_DECOMP_OK && state->avail_in + (uint32_t)state->read_in_length / 8 == 0;
    long written = isWhole ? (long)state->total_out : -1;
    free(state);
    return written;
}
