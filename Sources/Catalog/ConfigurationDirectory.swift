// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Faults
import Files

/// An Amanda configuration on disk: a directory with `amanda.conf`, below the configuration root.
public struct ConfigurationDirectory: Sendable, Hashable {
    /// How long each file, the included ones too, may take: they may lie on a file system that does not answer.
    private static let fileLimit: Duration = .seconds(3)

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
        let files = PatientLook.all(
            names.map { "\(root)/\($0)/amanda.conf" }, what: "configuration-look", limit: fileLimit
        ) { FileSystem.exists($0) }
        return names.filter { files["\(root)/\($0)/amanda.conf"] == true }
    }

    /// Reads `amanda.conf` and the disklist with all that they include; nothing is written. Blocks, within a bound.
    ///
    /// - Throws: all that is wrong with the two at once: `CatalogError` for what is missing, `ConfigurationError` for what is
    ///   wrong in the files or does not answer, a `FaultList` of both; `HangFault` where `amanda.conf` or the disklist does not answer.
    public func load() throws -> LoadedConfiguration {
        let file = path + "/amanda.conf"
        let files = PatientReader(limit: Self.fileLimit)
        guard Self.isName(name), let text = try files.contents(of: file) else {
            throw CatalogError.unknownConfiguration(name: name, root: root, known: Self.all(in: root))
        }
        var reading = ConfigurationReading(parsing: text, file: file, include: files.read)
        var causes: [any Error] = reading.faults
        let configuration = reading.configuration
        let account = try UserAccount.find(named: configuration.dumpuser)
        if account == nil, reading.isKnown("dumpuser") {
            causes.append(CatalogError.missingDumpuser(name: configuration.dumpuser, configuration: name))
        }
        do {
            causes += try Self.readDisklist(&reading, files)
        } catch {
            causes.append(error)
        }
        guard causes.isEmpty, let account, let disklist = reading.disklist else {
            throw Self.joined(causes)
        }
        var loaded = loaded(configuration, disklist, account)
        loaded.files = files.paths
        return loaded
    }

    /// - Returns: what is wrong with it.
    private static func readDisklist(
        _ reading: inout ConfigurationReading, _ files: PatientReader
    ) throws -> [ConfigurationFault] {
        let path = reading.configuration.disklistPath
        guard !reading.isGarbled("diskfile") else { return [] }
        let text = try files.contents(of: path)
        guard reading.isKnown("diskfile") || text != nil else { return [] }
        guard let text else { throw CatalogError.missingFile(path: path) }
        let count = reading.faults.count
        reading.readDisklist(text, file: path, include: files.read)
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
        location.callLimit = .seconds(abs(configuration.estimateTimeoutSeconds))
        location.setsNoReuse = configuration.setsNoReuse
        location.storage = configuration.storageName
        location.pool = configuration.tapepool
        let changer = try? configuration.changer()
        location.changerStateFile = changer?.changerFile.map(configuration.absolutePath)
        location.changerStateIsOfDirectories = changer?.devices.allSatisfy { $0.bucketPath == nil } ?? false
        if case .disk? = changer?.kind { location.changerStateForm = .disk }
        return LoadedConfiguration(
            configuration: configuration, disklist: disklist, location: location, dumpuser: account)
    }

    /// A name, not a path: nothing else may be reached through it.
    public static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
    }
}
