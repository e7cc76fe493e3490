// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import FoundationEssentials

/// How far a restore on this node has come, so that the same command can go on after one that did not end.
///
/// Shape: `<stateDirectory>/restores/<number>.json`. It lies with the agent, never in the data: what lies in a target is a claim of
/// whoever can write there.
struct RestoreLedger: Codable, Sendable, Equatable {
    /// A disk that has been begun.
    struct Entry: Codable, Sendable, Equatable {
        var configuration: String
        var disk: String
        var target: String
        /// Which directory the target was; nil: it was not there.
        var directory: DirectoryIdentity?
        /// The dumps that it is made of: `0 20261123030600`.
        var dumps: [String]
        var begunAt: Date
        /// What the report says of it; nil: it did not come to its end.
        var report: RestoreReport.Disk?
        var finishedAt: Date?
    }

    var format = WireJSON.format
    var run: RunName
    var order: RestoreOrder
    var entries: [Entry] = []
    /// This node's part came to its end then; nil: it did not, or it begins again.
    var endedAt: Date?

    /// How long a part that has ended counts as one of a restore that goes on elsewhere. Later the data have a life of their own.
    static let endedSeconds: Double = 3 * 86_400

    init(run: RunName, order: RestoreOrder) {
        self.run = run
        self.order = order.undertaking
    }

    /// Whether it is so old that nobody goes on with it.
    func isOver(at now: Date) -> Bool {
        endedAt.map { now.timeIntervalSince($0) > Self.endedSeconds || $0 > now } ?? false
    }

    /// What this restore has begun to write there, and nobody has replaced since.
    func entry(of step: RestoreStep) throws -> Entry? {
        guard let entry = entries.first(where: { $0.names(step) }), entry.dumps == step.dumpNames else {
            return nil
        }
        guard let known = entry.directory else { return entry }
        return try DirectoryIdentity.of(step.target.path) == known ? entry : nil
    }

    /// The same where it came to its end, and something of it is still there.
    func finishedEntry(of step: RestoreStep) throws -> Entry? {
        guard let entry = try entry(of: step), entry.report != nil else { return nil }
        return try step.target.isFree(besides: []) ? nil : entry
    }

    /// Whether what lies in a target was written by this restore.
    func hasBegun(_ target: RestoreTarget) throws -> Bool {
        for entry in entries where entry.target == target.path {
            guard let known = entry.directory else { return true }
            if try DirectoryIdentity.of(target.path) == known { return true }
        }
        return false
    }
}

extension RestoreLedger.Entry {
    init(_ step: RestoreStep) throws {
        self.init(
            configuration: step.disk.configuration.name, disk: step.disk.disk, target: step.target.path,
            directory: try DirectoryIdentity.of(step.target.path), dumps: step.dumpNames, begunAt: Date())
    }

    func names(_ step: RestoreStep) -> Bool {
        configuration == step.disk.configuration.name && disk == step.disk.disk && target == step.target.path
    }

    /// Whether the other restore has a target in, above or below this one's.
    func meets(_ path: String) -> Bool {
        path == target || RestoreTarget.inside(path, of: target) != nil
            || RestoreTarget.inside(target, of: path) != nil
    }
}

/// Which directory a path leads to.
struct DirectoryIdentity: Codable, Sendable, Equatable {
    var device: UInt64
    var inode: UInt64

    init(_ directory: OpenDirectory) throws(FilesError) {
        let status = try directory.status()
        device = status.device
        inode = status.inode
    }

    /// nil: there is nothing. Follows links, as a restore in place does.
    static func of(_ path: String) throws -> DirectoryIdentity? {
        guard try FileSystem.status(path) != nil else { return nil }
        return try DirectoryIdentity(OpenDirectory(path))
    }
}

extension RestoreStep {
    fileprivate var dumpNames: [String] { disk.dumps.map { "\($0.level) \($0.run)" } }
}
