// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import S3

/// The record of the run that made a dump, once a later run has sent the dump to a volume: the bucket then says where it is.
struct FlushedRecords: Sendable {
    let records: NodeRecordStore
    let node: String
    /// The run whose volumes the dumps went to.
    let run: RunName
    /// The record of a run as this agent kept it: one of a run during which the store was away is nowhere else.
    let kept: @Sendable (RunName) async -> NodeRecord?
    /// What a held dump builds on: a run that found no store could not name the volumes.
    let bases: @Sendable (HeldDump) async throws -> [DumpBaseRecord]

    /// Replaces `held` by the place in the bucket.
    ///
    /// - Throws: `S3Error`, or why `bases` could not tell: the dump is on its volume all the same, and the record calls it held.
    func update(
        _ held: HeldDump, sentTo parts: [DumpPart], configuration: String, volumes: [VolumeRecord]
    ) async throws {
        let made = held.header.datestamp
        guard made != run else { return }
        guard case (var record?, let refusal) = try await record(of: made) else { return }
        var isChanged = false
        for index in record.configurations.indices where record.configurations[index].name == configuration {
            guard let place = record.configurations[index].place(of: held) else { continue }
            if held.header.level > 0, record.configurations[index].dumps[place].bases == nil {
                do {
                    record.configurations[index].dumps[place].bases = try await bases(held)
                } catch let lost as LostVolume where lost.isProved {
                    record.configurations[index].dumps[place].notes.append(
                        "what it builds on is gone: \(lost)")
                }
            }
            record.configurations[index].replaceHeld(at: place, by: parts, on: volumes, run)
            isChanged = true
        }
        guard isChanged else { return }
        if let refusal { return try await records.create(record, besides: refusal) }
        try await records.write(record)
    }

    /// - Returns: with the store's refusal, where it does not say whether it has one, what this agent has kept.
    private func record(of run: Datestamp) async throws -> (NodeRecord?, refusal: S3Error?) {
        do {
            if let stored = try await records.read(run, node: node) { return (stored, nil) }
            return (await kept(run), nil)
        } catch let refusal as S3Error where refusal.isDenial {
            guard let kept = await kept(run) else { throw refusal }
            return (kept, refusal)
        }
    }
}

extension ConfigurationRecord {
    /// Where the dump stands as held; nil: it does not.
    fileprivate func place(of held: HeldDump) -> Int? {
        dumps.firstIndex {
            $0.status == .held && $0.host == held.header.host && $0.disk == held.header.disk
                && $0.level == held.header.level
        }
    }

    fileprivate mutating func replaceHeld(
        at place: Int, by parts: [DumpPart], on sent: [VolumeRecord], _ run: RunName
    ) {
        dumps[place] = dumps[place].sent(to: parts)
        for var volume in sent where !volumes.contains(where: { $0.label == volume.label }) {
            volume.run = run
            volumes.append(volume)
        }
    }
}

extension DumpRecord {
    /// A held dump once it lies on a volume.
    func sent(to parts: [DumpPart]) -> DumpRecord {
        var record = self
        record.status = strange.isEmpty ? .ok : .strange
        record.held = nil
        record.parts = parts
        return record
    }
}
