// SPDX-License-Identifier: Apache-2.0

/// An `amanda.conf` with everything that it includes, read into values.
///
/// All of Amanda 3.5.1's grammar is read; what this version does not act on is listed in `unusedParameters`.
/// What it cannot do is refused only where a disklist entry needs it: `Disklist.requireSupported`.
public struct AmandaConfiguration: Sendable {
    /// The configuration's name, as in `amdump NAME`.
    public let name: String
    /// Its directory: relative file names begin there.
    public let directory: String
    let document: ConfigurationDocument

    /// Reads a configuration.
    ///
    /// - Parameters:
    ///   - bytes: The contents of `file`; need not be UTF-8.
    ///   - file: `…/NAME/amanda.conf`; name and directory follow from it.
    ///   - include: Reads an included file. It gets an absolute path or one that begins with the directory.
    /// - Throws: every fault that one pass can find.
    public init(
        parsing bytes: [UInt8], file: String, include: @escaping (_ path: String) throws -> [UInt8]
    ) throws(ConfigurationError) {
        let reading = ConfigurationReading(parsing: bytes, file: file, include: include)
        guard reading.faults.isEmpty else { throw ConfigurationError(reading.faults) }
        self = reading.configuration
    }

    init(name: String, directory: String, document: ConfigurationDocument) {
        self.name = name
        self.directory = directory
        self.document = document
    }

    /// Reads a configuration that includes no other file, or whose other files are text too.
    public init(
        parsing text: String, file: String, include: @escaping (_ path: String) throws -> String
    ) throws(ConfigurationError) {
        try self.init(parsing: text.amandaBytes, file: file) { try include($0).amandaBytes }
    }
}

extension AmandaConfiguration {
    /// The organization, for reports and `$o` in labels.
    public var org: String { document.global.text("org") ?? "" }
    /// The user who owns the catalogs.
    public var dumpuser: String { document.global.text("dumpuser") ?? "" }
    /// How many volumes are in rotation.
    public var tapecycle: Int { Int(document.global.integer("tapecycle")) }
    /// Days within which every disk gets a full dump; 0: every run.
    public var dumpcycleDays: Int { Int(document.global.integer("dumpcycle")) }
    /// Runs in a dumpcycle; 0: one a day; -1: guessed from the tapelist.
    public var runspercycle: Int { Int(document.global.integer("runspercycle")) }
    /// Volumes that one run may use.
    public var runtapes: Int { Int(storage.integer("runtapes")) }
    /// Dumps of which anything may lie on one volume.
    public var maxDumpsPerVolume: Int { Int(storage.integer("max-dle-by-volume")) }
    /// Disks that are dumped at the same time.
    public var inparallel: Int { Int(document.global.integer("inparallel")) }

    /// Absolute, as are the other paths.
    public var tapelistPath: String { path("tapelist") }
    /// The disklist's.
    public var disklistPath: String { path("diskfile") }
    /// As written.
    public var infofile: String { document.global.text("infofile") ?? "" }
    /// The directory of `curinfo`.
    public var infofilePath: String { path("infofile") }
    /// The directory of the logs.
    public var logdirPath: String { path("logdir") }
    /// The directory of the indexes.
    public var indexdirPath: String { path("indexdir") }
    /// Stock Amanda's list of pending restores and flushes.
    public var commandFilePath: String { path("command-file") }

    /// A file name of the configuration, made absolute as Amanda does.
    public func absolutePath(_ name: String) -> String {
        name.hasPrefix("/") ? name : "\(directory)/\(name)"
    }

    private func path(_ parameter: String) -> String {
        absolutePath(document.global.text(parameter) ?? parameter)
    }
}

extension AmandaConfiguration {
    /// Names are compared without regard to case.
    public func dumptype(named name: String) -> DumpType? {
        document.block(.dumptype, named: name).map { DumpType($0, of: document) }
    }

    /// A dumptype of the file with which a disk can be dumped, to name in advice; nil: it has none.
    public var exampleDumptype: String? {
        document.blocks(.dumptype).map { DumpType($0, of: document) }
            .first { $0.program == "APPLICATION" && $0.application?.plugin == "amgtar" && !$0.isSkipped }?
            .name
    }

    /// Holding disks that the configuration uses, in order.
    public var holdingDisks: [HoldingDisk] {
        document.global.names("holdingdisk").compactMap {
            document.block(.holdingdisk, named: $0).map(HoldingDisk.init)
        }
    }

    /// Every `define interface`.
    public var interfaces: [NetworkInterface] {
        document.blocks(.interface).map(NetworkInterface.init)
    }
}
