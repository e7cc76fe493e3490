// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// One disk as a run found it, or as the last run before it did, and all dumps that it takes to bring that back, wherever their description came from.
struct RestorableDisk: Sendable {
    let configuration: ConfigurationChoice
    let disk: String
    /// Where it was read from, and where it goes back in place; nil: the header says.
    var device: String?
    /// By level, ascending: each is unpacked onto the one before.
    var dumps: [RestorableDump]
    let recoveryThreadCount: Int
    /// What of it is in the archive may be thawed.
    var readsFromGlacier = false
    /// The run left the disk out on purpose: the newest dumps before it stand for it.
    var isLeftOut = false
    /// Of the disklist that it was dumped by; nil: not known.
    var host: String?
    /// Where it goes in place says a disklist that is not there yet.
    var isUndecided = false

    /// How it was found, where an operator should know.
    var remarks: [String] = []

    /// What the index says of a dump whose record does not: good for telling disks apart, and no more.
    var indexedSelection: DumpSelection?

    /// The part of its directory that its newest dump is of; nil: all of it, or not known.
    var selection: DumpSelection? { dumps.last?.selection ?? indexedSelection }

    /// Where its dumps lie; nil: the cluster's. What is held or lies in a directory is in none.
    var stores: Set<StoreRecord?> {
        Set(dumps.flatMap(\.record.volumes).filter { $0.directory == nil }.map(\.store))
    }

    /// What the report says before tar does.
    var notes: [String] {
        let leftOut =
            isLeftOut
            ? dumps.last.map { ["left out of this run: it is back as run \($0.run) found it"] } ?? [] : []
        let held = dumps.compactMap { dump in
            dump.held.map { "level \(dump.level) was taken from the holding disk, '\($0.path)'" }
        }
        guard let first = dumps.first, first.level > 0 else { return leftOut + held + remarks }
        return leftOut + held + remarks + [
            "no full dump is known below level \(first.level): what only a full dump made by other means has is not back"
        ]
    }
}

/// One dump, made by the run itself or by an earlier one: what is written of it, its places checked, or where it is held.
struct RestorableDump: Sendable, Equatable {
    /// `volumes` are those that it lies on.
    let record: DumpBaseRecord
    /// What a record says of it.
    var selection: DumpSelection?
    /// Where it lies while it has not been sent to a volume: there are no volumes and no parts then.
    var held: HeldDump?

    var level: Int { record.level }
    /// The run that made it, as its header says.
    var run: Datestamp { record.run }

    /// The parts as the engine reads them, each from its own volume, with what is left of them there.
    func parts(_ access: VolumeAccess) async throws -> [RestorePlan.Part] {
        if let held {
            let reader = HeldReader(held)
            return try await reader.files([1]).map { .init(volume: reader, fileNumber: 1, found: $0) }
        }
        var found: [Int: RestorePlan.Part] = [:]
        for volume in record.volumes {
            let reader = try await access.reader(of: volume)
            let indices = record.parts.indices.filter { record.parts[$0].label == volume.label }
            let numbers = try indices.map { try number(of: record.parts[$0]) }
            for (index, (number, file)) in zip(indices, zip(numbers, try await reader.files(numbers))) {
                found[index] = RestorePlan.Part(
                    volume: reader, fileNumber: number, byteCount: record.parts[index].byteCount, found: file)
            }
        }
        return try record.parts.indices.map { index in
            guard let part = found[index] else { throw Self.impossible(record.parts[index], level, "\(run)") }
            return part
        }
    }

    private func number(of part: PartPlace) throws(WireError) -> UInt32 {
        guard let number = part.file else {
            throw Self.impossible(part, level, "\(run)")
        }
        return number
    }

    private static func impossible(_ part: PartPlace, _ level: Int, _ run: String) -> WireError {
        WireError(
            .damaged, "level \(level) of run \(run) names file \(part.fileNumber) of volume '\(part.label)'")
    }

    /// `level 1 of '/data' of run …, on volume 'data-02'`
    func name(_ disk: String) -> String {
        if held != nil { return "level \(level) of '\(disk)' of run \(run), on the holding disk" }
        let labels = record.volumes.map { "'\($0.label)'" }.joined(separator: ", ")
        return "level \(level) of '\(disk)' of run \(run), on volume \(labels)"
    }
}

extension RestorableDump {
    /// - Throws: `WireError` of kind `damaged` for an impossible file number.
    init(_ record: DumpBaseRecord) throws(WireError) {
        for part in record.parts {
            guard let number = part.file, number > 0,
                record.volumes.contains(where: { $0.label == part.label })
            else { throw Self.impossible(part, record.level, "\(record.run)") }
        }
        guard !record.parts.isEmpty else {
            throw WireError(.damaged, "level \(record.level) of run \(record.run) names no file at all")
        }
        var read = record
        read.volumes.removeAll { volume in !record.parts.contains { $0.label == volume.label } }
        self.init(record: read)
    }
}

/// What a run has of a configuration.
struct RestorableSet: Sendable {
    var disks: [RestorableDisk] = []
    /// Disks that the run meant to dump and has nothing of.
    var missing: [(disk: String, reason: String)] = []
}

/// Where a run's dumps are described.
protocol RestorableDiskSource: Sendable {
    /// The newest usable dump of each disk of the configuration, with those below it; of a disk that the run left out on
    /// purpose the newest before it.
    ///
    /// - Throws: `WireError` where the run has none for the configuration, or a dump that one builds on is gone.
    func disks(of configuration: ConfigurationChoice) async throws -> RestorableSet
}
