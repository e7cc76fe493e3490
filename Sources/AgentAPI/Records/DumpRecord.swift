// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// One disk at one level, as a run left it: what the node record says of it to whoever reads the bucket.
///
/// The one account of a dump that outlives its node. `DumpBaseRecord` says less of a dump: what the catalog knows of any
/// program's.
public struct DumpRecord: Codable, Sendable, Equatable {
    public enum Status: String, Codable, Sendable {
        case ok
        /// Usable; tar said something that an administrator should read.
        case strange
        case failed
        /// Of a dry run.
        case planned
        /// Left out of the run because the configuration wants it so; `expectation` says why.
        case skipped
        /// Whole, but on the node's holding disk and not in the bucket yet; `held` says where.
        case held

        public var isUsable: Bool { self == .ok || self == .strange }
    }

    /// How the stored stream was made from tar's.
    public enum Compression: String, Codable, Sendable {
        case none
        case gzip
        /// By a program that the dump's header names.
        case custom
    }

    /// A stream's length and CRC-32C (Castagnoli), the checksum as 8 hexadecimal digits.
    public struct Stream: Codable, Sendable, Hashable {
        public var crc32c: String
        public var byteCount: Int64

        public init(crc32c: String = "00000000", byteCount: Int64 = 0) {
            self.crc32c = crc32c
            self.byteCount = byteCount
        }
    }

    public var host: String
    public var disk: String
    /// What was read: the disk's name unless the disklist says otherwise.
    public var device: String
    public var level: Int
    public var status: Status
    public var compression: Compression
    /// tar's options that a restore must repeat: `xattrs`, `acls`, `selinux`.
    public var attributes: [String]
    /// tar's output, the client's output, and what is stored.
    public var native: Stream
    public var client: Stream
    public var server: Stream
    public var parts: [DumpPart]
    /// What must be restored first, by level, ascending: all that an empty machine needs to know. nil of a full dump; empty of an
    /// increment that builds on nothing, because full dumps are made by other means. With `skipped`: the dumps that stand for
    /// the disk, the newest last; nil: there is none, and `notes` say why.
    public var bases: [DumpBaseRecord]?
    public var seconds: Double
    public var notes: [String]
    public var strange: [String]
    public var error: WireError?
    /// With `held`: where it lies on the node.
    public var held: HeldDumpRecord?
    /// What the plan expected.
    public var expectation: DumpExpectation?
    /// What scripts named around it; nil: nothing.
    public var recoveryPoints: [RecoveryPoint]?
    /// Names in the directories of the disk, and those of them that are no directories: see `DumpMeasure`. These and what
    /// follows are nil of an older agent, and where nobody could look.
    public var names: Int64?
    public var files: Int64?
    public var directories: Int64?
    /// Of the file system that the disk's directory lay on.
    public var deviceNumber: UInt64?
    public var isMountPoint: Bool?
    /// What was mounted inside and is not in the archive.
    public var holes: [HoleRecord]?
    /// The dumps that it was compared with: the record alone says by what the next one is judged.
    public var judgedBy: DumpMeasures?
    /// Why it is not believed to hold its disk; nil: it is plausible.
    public var suspect: SuspectRecord?
    /// What its includes and excludes left of the directory; nil: all of it, or not known.
    public var selection: DumpSelection?
    /// The version of the node's sealed secrets that its keys are in; nil: it is not encrypted, or nothing was sealed.
    public var sealed: SealedVersion?

    public init(
        host: String, disk: String, device: String, level: Int, status: Status, compression: Compression,
        attributes: [String] = [], native: Stream = Stream(), client: Stream = Stream(),
        server: Stream = Stream(),
        parts: [DumpPart] = [], bases: [DumpBaseRecord]? = nil, seconds: Double = 0,
        notes: [String] = [], strange: [String] = [],
        error: WireError? = nil
    ) {
        self.host = host
        self.disk = disk
        self.device = device
        self.level = level
        self.status = status
        self.compression = compression
        self.attributes = attributes
        self.native = native
        self.client = client
        self.server = server
        self.parts = parts
        self.bases = bases
        self.seconds = seconds
        self.notes = notes
        self.strange = strange
        self.error = error
    }

    public var storedBytes: Int64 { parts.map(\.byteCount).byteSum }
}
