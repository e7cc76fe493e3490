// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <isa-l.h>
#include <stddef.h>

// ISA-L's level buffer size is an enumerator that Swift does not import as a number.
static inline size_t amfleet_isal_level2_buffer_size(void) { return ISAL_DEF_LVL2_DEFAULT; }

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
