// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import ChildProcess
public import Files
import Gzip
import LogOutput
public import Logging
public import Volumes

/// One dump to bring back, and where to.
public struct RestorePlan: Sendable {
    /// One numbered file of a volume.
    public struct Part: Sendable {
        /// Where it is read from.
        public var volume: any VolumeReader
        /// From 1, on that volume.
        public var fileNumber: UInt32
        /// Bytes of its data as recorded; nil: not known.
        public var byteCount: Int64?
        /// What is left of it; nil: nobody has looked yet.
        public var found: FoundFile?

        /// A part by volume and number.
        public init(
            volume: any VolumeReader, fileNumber: UInt32, byteCount: Int64? = nil, found: FoundFile? = nil
        ) {
            self.volume = volume
            self.fileNumber = fileNumber
            self.byteCount = byteCount
            self.found = found
        }
    }

    /// All parts, in order: the stream is their concatenation.
    var parts: [Part]
    /// What was done between tar and the bucket, and is undone in reverse.
    var filters: FilterChain
    /// CRC and length of tar's archive; nil: not known and not checked.
    public var native: CRCSize?
    /// CRC and length of what Amanda's client sent; nil: not known and not checked.
    var client: CRCSize?
    /// CRC and length of what is stored; nil: not known and not checked.
    public var stored: CRCSize?
    /// The directory that becomes the DLE's top, for messages. Without `directory` it is made if it is not there, and opened.
    public var target: String
    /// The same, open: where tar writes, whatever has become of the path.
    public var directory: OpenDirectory?
    /// What keeps tar from writing anywhere else; nil: all that this machine can.
    public var confinement: ChildConfinement?
    /// Nothing keeps tar, and no name of the archive is looked at before it gets it: the operator said so.
    public var isUnconfined = false
    /// Paths below the top to extract, `./` in front or not; empty: everything.
    var paths: [String]
    /// Whether tar removes from the target what the archive's directories do not list (`-G`).
    public var deletes: Bool
    /// Whether owners are found by their names: the new machine's users may have other numbers.
    public var hasOwnersByName = false
    /// What tar is to restore besides owners, modes and times, and which tar.
    public var tar: TarOptions
    /// NB_THREADS_RECOVERY: ranged GETs at the same time.
    var recoveryThreadCount: Int
    /// Bytes of each GET.
    var fetchByteCount: Int
    /// How long tar may take no byte.
    public var stallLimit: Duration
    /// Threads that decompress.
    var decompressionThreadCount: Int
    /// The dumpuser, as whom programs run that decompress or decrypt; nil: such a dump is refused.
    public var filterUser: UserAccount?
    /// What decrypts finds these in the place of what lies at their paths: keys with which the dump was made, and that are not this
    /// node's any more.
    public var givenFiles: [ChildFile] = []
    /// What this node's own configurations run; besides, Amanda's programs and the usual compressors may run.
    public var allowedFilters: Set<FilterCommand>
    /// Its header names includes: the archive has no record of the directory itself.
    public private(set) var hasIncludes = false
    /// Told of every step.
    public var logger = Logger.discarding

    /// A plan by its parts, everything else as most dumps need it.
    init(
        parts: [Part], isGzipped: Bool, native: CRCSize? = nil, stored: CRCSize? = nil, target: String,
        tar: TarOptions = TarOptions(), recoveryThreadCount: Int = 4
    ) {
        self.parts = parts
        filters = FilterChain()
        if isGzipped { filters.server = [.gzip(.fast)] }
        allowedFilters = []
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

    /// Refuses what may not run here, before anything is begun: a header names programs, this node allows them. Blocks.
    ///
    /// - Parameter requiresKeys: false where a key may come yet, and whoever asks looks for it himself.
    /// - Throws: `FilterError`.
    public func check(requiresKeys: Bool = true) throws {
        let filters = filters.asInstalled
        for program in filters.all.compactMap(\.program) {
            let command = FilterCommand(program: program.path, undoOption: program.undoOption)
            guard allowedFilters.union(FilterCommand.builtIn).contains(command) else {
                throw FilterError.notAllowed(program: command.program, option: command.undoOption)
            }
        }
        let faults = filters.faults(filterSettings).filter { requiresKeys || !$0.isOfKey }
        if let fault = faults.first { throw fault }
    }

    /// Refuses what comes with a package and is not there: no self-backup brings it. For a node whose configuration is not known yet. Blocks.
    ///
    /// - Throws: `FilterError`.
    public func checkPackagedPrograms() throws {
        let packaged = Set(FilterCommand.builtIn.map(\.program))
        for case .missing(let program) in filters.asInstalled.faults(filterSettings)
        where packaged.contains(program) {
            throw FilterError.missing(program: program)
        }
    }

    var filterSettings: FilterSettings {
        FilterSettings(
            user: filterUser, width: decompressionThreadCount, stallLimit: stallLimit,
            givenFiles: givenFiles, logger: logger)
    }

    /// What is read shows at its end whether it is what was dumped: a checksum is recorded, or a format has its own.
    var isProvedByItself: Bool {
        [native, client, stored].contains { $0?.isKnown == true } || filters.all.contains { !$0.isEncryption }
    }

    /// Programs whose work is undone to decrypt it, as the header names them; each reads a key.
    public var encryptionPrograms: [String] {
        filters.all.compactMap { filter in
            switch filter {
            case .saltedCBC(let program, _), .encryption(let program, _): program
            case .gzip, .zstd, .compression: nil
            }
        }
    }

    /// What cannot be checked, for the report.
    var remarks: [String] {
        let isKnown = [native, stored].contains { $0?.isKnown == true }
        return isKnown ? [] : ["no checksum of this dump is recorded: what came back could not be compared"]
    }

    /// The plan that the header of the dump's first part asks for.
    ///
    /// - Throws: `unsupported` for a dump that failed, `badHeader` if the DLE cannot be read, `FilterError` if it cannot
    ///   be told how it was made.
    public init(
        header: DumpHeader, parts: [Part], target: String, recoveryThreadCount: Int = 4
    ) throws {
        let key = parts.first.map { $0.volume.name(ofFile: $0.fileNumber) } ?? ""
        if header.isPartial {
            throw RestoreError.unsupported(what: "'\(key)': it is the start of a dump that failed")
        }
        let dle: DLEDescription?
        do {
            dle = try header.dle
        } catch {
            throw RestoreError.badHeader(key: key, reason: "\(error)")
        }
        // Where it was read from is not where it goes, and a header never names a program to run as root.
        let options = TarOptions(restoring: dle?.properties ?? [])
        self.init(
            parts: parts, isGzipped: false, native: header.nativeCRC, stored: header.serverCRC,
            target: target, tar: options, recoveryThreadCount: recoveryThreadCount)
        filters = try FilterChain(header, dle)
        client = header.clientCRC
        hasIncludes = dle?.include.map { !$0.files.isEmpty || !$0.lists.isEmpty } ?? false
    }
}
