// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// An Amanda configuration on disk: a directory with `amanda.conf`, below the configuration root.
public struct ConfigurationDirectory: Sendable, Hashable {
    /// `/etc/amanda` as a rule.
    public let root: String
    public let name: String

    public init(root: String = "/etc/amanda", name: String) {
        self.root = root
        self.name = name
    }

    public var path: String { "\(root)/\(name)" }

    /// The names of all configurations below a root, sorted.
    public static func all(in root: String) -> [String] {
        let names = (try? FileSystem.list(root)) ?? []
        return names.filter { FileSystem.exists("\(root)/\($0)/amanda.conf") }
    }

    /// Reads `amanda.conf` and the disklist with all that they include; nothing is written.
    ///
    /// - Throws: `CatalogError` for what is missing, `ConfigurationError` for what is wrong in the files.
    public func load() throws -> LoadedConfiguration {
        let file = path + "/amanda.conf"
        guard Self.isName(name), FileSystem.exists(file) else {
            throw CatalogError.unknownConfiguration(name: name, root: root, known: Self.all(in: root))
        }
        let configuration = try AmandaConfiguration(
            parsing: try Self.read(file), file: file, include: Self.read)
        guard let account = UserAccount(named: configuration.dumpuser) else {
            throw CatalogError.missingDumpuser(name: configuration.dumpuser, configuration: name)
        }
        let disklistPath = configuration.disklistPath
        guard FileSystem.exists(disklistPath) else { throw CatalogError.missingFile(path: disklistPath) }
        let disklist = try Disklist(
            parsing: try Self.read(disklistPath), file: disklistPath, configuration: configuration,
            include: Self.read)
        var location = CatalogLocation(configuration: name, directory: path, owner: account.owner)
        location.tapelist = configuration.tapelistPath
        location.logDirectory = configuration.logdirPath
        location.indexDirectory = configuration.indexdirPath
        location.infoDirectory = configuration.infofilePath
        location.commandFile = configuration.commandFilePath
        location.holdingDirectories = configuration.holdingDisks.map {
            configuration.absolutePath($0.directory)
        }
        location.setsNoReuse = configuration.setsNoReuse
        location.storage = configuration.storageName
        location.pool = configuration.tapepool
        let changer = try? configuration.changer()
        location.changerStateFile = changer?.changerFile.map(configuration.absolutePath)
        if case .disk? = changer?.kind { location.changerStateForm = .disk }
        return LoadedConfiguration(
            configuration: configuration, disklist: disklist, location: location, dumpuser: account)
    }

    /// A name, not a path: nothing else may be reached through it.
    public static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard FileSystem.exists(path) else { throw CatalogError.missingFile(path: path) }
        return try FileSystem.readAll(path)
    }
}
