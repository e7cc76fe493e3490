// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Catalog
import Files

/// That a self-backup is back on this machine: the same call, made again, goes on behind it.
///
/// `bootstrap.json` in the state directory, 0600. It is believed only while Amanda's directory is the one that it names, and holds the
/// configurations that came back with it.
struct BootstrapMark: Codable, Sendable, Equatable {
    private static let byteCountLimit = 1 << 20

    var format = WireJSON.format
    var node: String
    var bucket: String
    var prefix: String
    var configuration: String
    var run: RunName
    var amandaDirectory: String
    /// Which directory that was when it was back.
    var directory: DirectoryIdentity
    /// nil: of an older version.
    var configurations: Set<String>?

    /// nil: there is no Amanda directory. Blocks.
    init?(_ order: BootstrapOrder, configuration: String, run: RunName) {
        guard let directory = try? DirectoryIdentity.of(order.amandaDirectory) else { return nil }
        node = order.node
        bucket = order.storage.bucket
        prefix = order.storage.prefix
        self.configuration = configuration
        self.run = run
        amandaDirectory = order.amandaDirectory
        self.directory = directory
        configurations = Set(ConfigurationDirectory.all(in: order.amandaDirectory))
    }

    /// Whether what it says is still so.
    ///
    /// - Parameter now: what it would say now.
    func holds(_ now: BootstrapMark) -> Bool {
        var (then, now) = (self, now)
        let isWhole = then.configurations?.isSubset(of: now.configurations ?? []) ?? true
        (then.configurations, now.configurations) = (nil, nil)
        return isWhole && then == now
    }

    private static func path(_ stateDirectory: String) -> String { "\(stateDirectory)/bootstrap.json" }

    /// Blocks.
    static func read(_ stateDirectory: String) -> BootstrapMark? {
        let path = path(stateDirectory)
        guard let bytes = try? FileSystem.readAll(path, limit: byteCountLimit) else { return nil }
        return try? WireJSON.read(BootstrapMark.self, from: bytes, what: path)
    }

    /// Blocks.
    func write(_ stateDirectory: String) throws {
        try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
        try FileSystem.writeAtomically(Self.path(stateDirectory), WireJSON.document(self), mode: 0o600)
    }
}
