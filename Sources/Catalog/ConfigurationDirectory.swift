// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Files

/// An Amanda configuration on disk: a directory with `amanda.conf`, below the configuration root.
public struct ConfigurationDirectory: Sendable, Hashable {
    /// `/etc/amanda` as a rule.
    let root: String
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
    /// - Throws: all that is wrong with the two at once: `CatalogError` for what is missing, `ConfigurationError` for what is
    ///   wrong in the files, a `FaultList` of both.
    public func load() throws -> LoadedConfiguration {
        let file = path + "/amanda.conf"
        guard Self.isName(name), FileSystem.exists(file) else {
            throw CatalogError.unknownConfiguration(name: name, root: root, known: Self.all(in: root))
        }
        var reading = ConfigurationReading(parsing: try Self.read(file), file: file, include: Self.read)
        var causes: [any Error] = reading.faults
        let configuration = reading.configuration
        let account = try UserAccount.find(named: configuration.dumpuser)
        if account == nil, reading.isKnown("dumpuser") {
            causes.append(CatalogError.missingDumpuser(name: configuration.dumpuser, configuration: name))
        }
        do {
            causes += try Self.readDisklist(&reading)
        } catch {
            causes.append(error)
        }
        guard causes.isEmpty, let account, let disklist = reading.disklist else {
            throw Self.joined(causes)
        }
        return loaded(configuration, disklist, account)
    }

    /// - Returns: what is wrong with it.
    private static func readDisklist(_ reading: inout ConfigurationReading) throws -> [ConfigurationFault] {
        let path = reading.configuration.disklistPath
        guard !reading.isGarbled("diskfile"), reading.isKnown("diskfile") || FileSystem.exists(path) else {
            return []
        }
        let count = reading.faults.count
        reading.readDisklist(try read(path), file: path, include: read)
        return Array(reading.faults.dropFirst(count))
    }

    private static func joined(_ causes: [any Error]) -> any Error {
        if causes.count == 1, let cause = causes.first, !(cause is ConfigurationFault) { return cause }
        let faults = causes.compactMap { $0 as? any Fault }
        let own = faults.compactMap { $0 as? ConfigurationFault }
        guard own.count < faults.count, let list = FaultList(faults) else { return ConfigurationError(own) }
        return list
    }

    private func loaded(
        _ configuration: AmandaConfiguration, _ disklist: Disklist, _ account: UserAccount
    ) -> LoadedConfiguration {
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
