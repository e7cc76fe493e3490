// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zstd.h>
#include <zstd_errors.h>

// Macros of two values each that Swift does not import.
static inline int amfleet_zstd_is_unknown(unsigned long long byteCount) {
    return byteCount == ZSTD_CONTENTSIZE_UNKNOWN || byteCount == ZSTD_CONTENTSIZE_ERROR;
}

static inline int amfleet_zstd_lacks_memory(size_t status) {
    return ZSTD_getErrorCode(status) == ZSTD_error_memory_allocation;
}
