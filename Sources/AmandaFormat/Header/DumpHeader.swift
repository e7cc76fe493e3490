// SPDX-License-Identifier: Apache-2.0

/// The header of one file of a volume, or of a file on the holding disk.
///
/// On S3 it is the whole `…-filestart` object, unpadded; all parts of a dump carry the same header but for
/// `part`. Grammar: Amanda 3.5.1 `common-src/fileheader.c`, `build_header`, `parse_file_header`.
public struct DumpHeader: Equatable, Sendable {
    /// The first word after `AMANDA:`.
    public enum Kind: String, Sendable, CaseIterable {
        /// A dump that is not split: index directory's `.header`, old volumes.
        case file = "FILE"
        /// A further chunk on the holding disk.
        case continuation = "CONT_FILE"
        /// A part of a dump on a volume; what amdump always writes to S3.
        case split = "SPLIT_FILE"
    }

    /// `part n/total`.
    public struct Part: Hashable, Sendable {
        /// From 1.
        public var number: Int
        /// Nil when unknown, `-1` in the header: always so on S3.
        public var total: Int?

        public init(number: Int, total: Int? = nil) {
            self.number = number
            self.total = total
        }
    }

    /// Source: Amanda 3.5.1 `common-src/amanda.h`, `DUMP_LEVELS`.
    static let levels = 0...399

    public var kind: Kind
    public var datestamp: Datestamp
    /// The disklist's host, verbatim.
    public var host: String
    /// The disklist's disk name, verbatim (`String.amandaBytes` gives its bytes).
    public var disk: String
    /// Only, and always, with kind `.split`.
    public var part: Part?
    public var level: Int
    /// `.gz`, `cust`, …; nil for `N`, not compressed.
    public var compressionSuffix: String?
    /// `APPLICATION`, `GNUTAR`, ….
    public var program: String
    /// `enc`; nil when not encrypted.
    public var encryptionSuffix: String?
    public var serverCompressProgram: String?
    public var clientCompressProgram: String?
    public var serverEncryptProgram: String?
    public var clientEncryptProgram: String?
    public var serverDecryptOption: String?
    public var clientDecryptOption: String?
    /// The next chunk on the holding disk.
    public var continuationFileName: String?
    /// The application's name, e.g. `amgtar`.
    public var application: String?
    /// The dump was cut short: its data is not to be relied on.
    public var isPartial: Bool
    /// KiB before compression, rounded down; nil when not known.
    public var originalKiB: Int64?
    /// Before compression: tar's output.
    public var nativeCRC: CRCSize?
    /// As it left the client, after client-side compression.
    public var clientCRC: CRCSize?
    /// As stored.
    public var serverCRC: CRCSize?
    /// The DLE's XML, verbatim, without a newline at its end; `DLEDescription` reads and builds it.
    public var dleText: String?
    /// KiB of `bs=` in the hint for `dd`; nil on S3.
    public var blockKiB: Int?
    /// The commands that the hint pipes `dd` into, e.g. `/bin/gzip -dc`, then the application's restore.
    var recoveryCommands: [String]

    public init(
        kind: Kind, datestamp: Datestamp, host: String, disk: String, part: Part? = nil, level: Int,
        compressionSuffix: String? = nil, program: String, application: String? = nil
    ) {
        self.kind = kind
        self.datestamp = datestamp
        self.host = host
        self.disk = disk
        self.part = part
        self.level = level
        self.compressionSuffix = compressionSuffix
        self.program = program
        self.application = application
        isPartial = false
        recoveryCommands = []
    }

    /// The DLE, read from the header's XML; nil when the header has none.
    public var dle: DLEDescription? {
        get throws(HeaderError) {
            guard let dleText else { return nil }
            return try DLEDescription(parsing: dleText)
        }
    }
}
