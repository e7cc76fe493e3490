// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// CRC and length of tar's archive, of what Amanda's client would send, and of what is stored.
struct DumpTotals: Sendable {
    let native: CRCSize
    let client: CRCSize
    let stored: CRCSize
}
