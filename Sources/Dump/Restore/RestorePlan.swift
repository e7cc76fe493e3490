// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// One dump to bring back, and where to.
public struct RestorePlan: Sendable {
    /// One numbered file of a volume: multipart object or blocks, whichever is there.
    public struct Part: Sendable, Hashable {
        /// The volume's slot.
        public var keys: ObjectKeys
        /// From 1, on that volume.
        public var fileNumber: UInt32
        /// Bytes of its data as recorded; nil: not known.
        public var byteCount: Int64?

        /// A part by volume and number.
        public init(keys: ObjectKeys, fileNumber: UInt32, byteCount: Int64? = nil) {
            self.keys = keys
            self.fileNumber = fileNumber
            self.byteCount = byteCount
        }
    }

    /// All parts, in order: the stream is their concatenation.
    public var parts: [Part]
    /// Whether the stream is gzip's.
    public var isGzipped: Bool
    /// CRC and length of tar's archive; nil: not known and not checked.
    public var native: CRCSize?
    /// CRC and length of what is stored; nil: not known and not checked.
    public var stored: CRCSize?
    /// The directory that becomes the DLE's top. It is made if it is not there.
    public var target: String
    /// Paths below the top to extract, `./` in front or not; empty: everything.
    public var paths: [String]
    /// Whether tar removes from the target what the archive's directories do not list (`-G`).
    public var deletes: Bool
    /// What tar is to restore besides owners, modes and times, and which tar.
    public var tar: TarOptions
    /// NB_THREADS_RECOVERY: ranged GETs at the same time.
    public var recoveryThreadCount: Int
    /// Bytes of each GET.
    public var fetchByteCount: Int
    /// How long tar may take no byte.
    public var stallLimit: Duration
    /// Threads that decompress.
    public var decompressionThreadCount: Int

    /// A plan by its parts, everything else as most dumps need it.
    public init(
        parts: [Part], isGzipped: Bool, native: CRCSize? = nil, stored: CRCSize? = nil, target: String,
        tar: TarOptions = TarOptions(), recoveryThreadCount: Int = 4
    ) {
        self.parts = parts
        self.isGzipped = isGzipped
        self.native = native
        self.stored = stored
        self.target = target
        self.tar = tar
        self.recoveryThreadCount = max(1, recoveryThreadCount)
        paths = []
        deletes = false
        fetchByteCount = 10 << 20
        stallLimit = .seconds(1800)
        decompressionThreadCount = MemoryPlan.defaultCompressionThreadCount
    }

    /// What cannot be checked, for the report.
    var remarks: [String] {
        let isKnown = [native, stored].contains { $0?.isKnown == true }
        return isKnown ? [] : ["no checksum of this dump is recorded: what came back could not be compared"]
    }

    /// The plan that the header of the dump's first part asks for.
    ///
    /// - Throws: `unsupported` for encryption and custom compression, `badHeader` if the DLE cannot be read.
    public init(
        header: DumpHeader, parts: [Part], target: String, recoveryThreadCount: Int = 4
    ) throws {
        let key = parts.first.map { $0.keys.header(file: $0.fileNumber) } ?? ""
        if header.isPartial {
            throw RestoreError.unsupported(what: "'\(key)': it is the start of a dump that failed")
        }
        if header.encryptionSuffix != nil {
            throw RestoreError.unsupported(what: "the encrypted dump '\(key)'")
        }
        if let program = header.clientCompressProgram ?? header.serverCompressProgram {
            throw RestoreError.unsupported(what: "the dump '\(key)', compressed by '\(program)'")
        }
        switch header.compressionSuffix {
        case nil, "N": break
        case ".gz": break
        case let suffix?: throw RestoreError.unsupported(what: "the dump '\(key)', compressed as '\(suffix)'")
        }
        let dle: DLEDescription?
        do {
            dle = try header.dle
        } catch {
            throw RestoreError.badHeader(key: key, reason: "\(error)")
        }
        var options = try TarOptions(properties: dle?.properties ?? [])
        options.directory = nil  // where it was read from is not where it goes
        options.gnutarPath = TarOptions().gnutarPath  // a header never names a program to run as root
        self.init(
            parts: parts, isGzipped: header.compressionSuffix == ".gz", native: header.nativeCRC,
            stored: header.serverCRC, target: target, tar: options, recoveryThreadCount: recoveryThreadCount)
    }
}
