// SPDX-License-Identifier: Apache-2.0

/// One slot of a changer on S3: where a volume's objects lie.
public struct S3DevicePath: Sendable, Hashable, CustomStringConvertible {
    /// Up to the first `/`.
    public let bucket: String
    /// All after it, verbatim; Amanda appends its key tails without a separator: `path/slot-01` +
    /// `f00000001-filestart`.
    public let prefix: String
    /// 1 and up, as Amanda counts slots unless the changer's `first-slot` says otherwise.
    public let slot: Int

    /// Amanda's device name: `s3:BUCKET/PREFIX`.
    public var description: String { "s3:\(bucket)/\(prefix)" }

    /// Nil unless `device` is `s3:BUCKET/PREFIX` with both not empty.
    init?(device: String, slot: Int) {
        guard device.hasPrefix("s3:") else { return nil }
        let pieces = device.dropFirst(3).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2, !pieces[0].isEmpty, !pieces[1].isEmpty else { return nil }
        bucket = String(pieces[0])
        prefix = String(pieces[1])
        self.slot = slot
    }
}
