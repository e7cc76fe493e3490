// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What the application's properties ask of GNU tar, as amgtar reads them.
///
/// Source: Amanda 3.5.1 `application-src/amgtar.c`: names without case, `_` as `-`; values YES and NO.
public struct TarOptions: Sendable, Equatable {
    /// GNUTAR-PATH: an absolute path.
    public var gnutarPath = "/usr/bin/tar"
    /// GNUTAR-LISTDIR: where the snapshots of recorded dumps stay.
    public internal(set) var snapshotDirectory = "/var/lib/amanda/gnutar-lists"
    /// DIRECTORY: read or written instead of the DLE's device.
    public var directory: String?
    /// ONE-FILE-SYSTEM: what is mounted below the top is not in the archive.
    public internal(set) var staysOnOneFileSystem = true
    /// SPARSE
    var isSparse = true
    /// ATIME-PRESERVE
    var preservesAccessTimes = true
    /// CHECK-DEVICE
    var checksDevice = true
    /// NO-UNQUOTE
    var leavesNamesQuoted = false
    /// ACLS
    var hasACLs = false
    /// SELINUX
    var hasSELinux = false
    /// XATTRS
    var hasXattrs = false
    /// TAR-BLOCKSIZE: 512-byte records a block. amgtar leaves tar's own 20; 128 doubles the rate on big files.
    var blockingFactor = 128
    /// IGNORE-ZEROS: a restore reads on after zeros. amgtar's own default, too.
    var ignoresZeros = true
    /// Of COMMAND-OPTIONS what no property says: for tar, by their long names.
    var commandOptions: [String] = []
    /// NORMAL, IGNORE and STRANGE.
    var messageRules = TarMessageRules()
    /// EXIT-HANDLING: exit statuses of tar that make a good dump.
    var goodStatuses: Set<Int32> = [0, 1]

    /// amgtar's defaults.
    public init() {}

    /// What a DLE to dump asks for: an application's properties, or those of the program GNUTAR, which has none.
    ///
    /// - Throws: `DumpError.badProperty` and `unknownProperty`, as amgtar would refuse them.
    public init(_ dle: DLEDescription, adding properties: [DLEDescription.Property] = []) throws(DumpError) {
        self.init()
        // Source: seen with stock sendbackup and runtar 3.5.1: no --atime-preserve, all else as amgtar's defaults.
        if dle.program == "GNUTAR" { preservesAccessTimes = false }
        try apply(dle.properties + properties)
    }

    /// The same, without a DLE.
    public init(properties: [DLEDescription.Property]) throws(DumpError) {
        self.init()
        try apply(properties)
    }

    /// What a restore needs of a header's properties. Whoever wrote it did so with success: nothing is refused.
    init(restoring properties: [DLEDescription.Property]) {
        for property in properties {
            let value = property.values.last?.lowercased()
            switch Self.folded(property.name) {
            case "acls": hasACLs = value == "yes"
            case "selinux": hasSELinux = value == "yes"
            case "xattrs": hasXattrs = value == "yes"
            case "ignore-zeros": ignoresZeros = value != "no"
            case "one-file-system": staysOnOneFileSystem = value != "no"
            case "tar-blocksize": blockingFactor = value.flatMap(Self.blockingFactor) ?? blockingFactor
            case "command-options": restoreCommandOptions(property.values)
            default: break
            }
        }
    }

    /// Files that `--exclude-from` in COMMAND-OPTIONS names.
    public var excludeFiles: [String] { TarReach.values(of: "exclude-from", self) }

    /// `xattrs`, `acls`, `selinux`: what a restore must ask tar for again.
    var attributes: [String] {
        [hasXattrs ? "xattrs" : nil, hasACLs ? "acls" : nil, hasSELinux ? "selinux" : nil].compactMap { $0 }
    }

    static func blockingFactor(_ text: String) -> Int? {
        Int(text).flatMap { (1...2048).contains($0) ? $0 : nil }
    }

    static func folded(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    }
}
