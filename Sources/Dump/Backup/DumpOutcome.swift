// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What became of one dump: everything that the catalog and the node record keep.
public struct DumpOutcome: Sendable {
    /// How it ended. A failed dump is an outcome, not a throw.
    public enum Status: Sendable {
        /// All is in the bucket, proved.
        case done
        /// The same, and tar said what an administrator should read.
        case strange
        /// It does not count; its files bear headers marked `PARTIAL=YES` as far as the store could be reached.
        case failed(any Error)
    }

    /// See `Status`.
    public var status: Status
    /// The dump parts whose data are in the bucket, in order. After a failure: those that were completed.
    public var parts: [DumpPart]
    /// The header as the parts carry it, without a part number: the catalog's `.header` is made of it.
    public var header: DumpHeader
    /// tar's output.
    public var native: CRCSize
    /// What Amanda's client would have sent: compressed if the client compresses.
    public var client: CRCSize
    /// What is stored.
    public var server: CRCSize
    /// tar's own total in KiB, rounded down.
    var originalKiB: Int64
    /// From the first call to the last header.
    public var seconds: Double
    /// tar's messages that mean nothing is wrong.
    public var notes: [String]
    /// tar's messages that an administrator should read.
    public var strange: [String]
    /// The file of index lines (`IndexPath.stateLine`) in tar's order, if one was asked for. It is the caller's.
    public var indexPath: String?
    /// Names in the archive.
    var entryCount: Int
    /// Options of tar that a restore must repeat: `xattrs`, `acls`, `selinux`.
    public var attributes: [String]
    /// What the next increment may build on, once the dump stands in the catalog: the caller's, to `keep` after that. nil of a
    /// dump that failed, or that is not recorded.
    public var snapshot: TarSnapshot?
    /// What its includes and excludes made of the directory; nil: tar did not begin.
    public var selection: TarSelection?
    /// What was found on the disk; nil of a dump that failed.
    public var findings: DumpFindings?
    /// What the scripts around it named.
    public var recoveryPoints: [ScriptRecoveryPoint] = []

    /// Whether it can be restored.
    public var isUsable: Bool {
        if case .failed = status { false } else { true }
    }
}
