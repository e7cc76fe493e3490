// SPDX-License-Identifier: Apache-2.0

import Saturation

extension Sequence<Int64> {
    /// The sum of counts of bytes, at most what a document of ours may say.
    public var byteSum: Int64 { Swift.min(saturatedSum, ClaimRange.anyWhole.upperBound) }
}
