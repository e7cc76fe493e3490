// SPDX-License-Identifier: Apache-2.0

import Saturation

extension Sequence<Int64> {
    /// The sum of counts of bytes, at most what a document of ours may say.
    public var byteSum: Int64 { saturatedSum.asByteCount }
}

extension Int64 {
    /// The same as a document of ours may say it: a file system may call itself larger, and a header may say anything.
    public var asByteCount: Int64 {
        Swift.min(Swift.max(self, ClaimRange.anyWhole.lowerBound), ClaimRange.anyWhole.upperBound)
    }
}
