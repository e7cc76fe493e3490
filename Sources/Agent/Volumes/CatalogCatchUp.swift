// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Faults
import Planning
import S3

/// Finds what the volumes in the store bear and the catalog does not know, and proves what of it can be entered. Reads alone.
///
/// The catalog is a copy that may be an older one; the bucket outranks it (Docs/DECISIONS.md, 44).
struct CatalogCatchUp: Sendable {
    /// A volume, and what becomes of it.
    struct Finding: Sendable {
        enum Outcome: Sendable {
            /// Its run goes into the catalog.
            /// - Parameter besides: what lies there and could not be proved; the volume becomes `no-reuse`.
            case entered(dumpCount: Int, besides: String?)
            /// As it is; why.
            case leftAlone(String)
        }

        let volume: UnknownVolume
        let outcome: Outcome
    }

    struct Result: Sendable {
        /// Oldest first.
        var runs: [RecoveredRun] = []
        /// In the order of the slots.
        var findings: [Finding] = []

        init() {}

        /// Where nobody could find out more.
        init(leavingAlone volumes: [UnknownVolume], because error: UnreadRecord) {
            findings = volumes.map { Finding(volume: $0, outcome: .leftAlone(error.facts)) }
        }
    }

    /// A run's name may be ahead of the clock by some seconds, for names always rise.
    private static let leadSeconds: Int64 = 120

    /// A name for a run that is only thought of: later than every one that is looked at now.
    static func nextRun(after newest: Datestamp? = nil) -> Datestamp? {
        let ahead = Datestamp.now?.secondsOfLocalTime.advanced(by: Int(leadSeconds) + 1)
        return [newest?.nextSecond, ahead.flatMap { Datestamp(localTimeOf: $0) }].compactMap(\.self).max()
    }

    let taking: VolumeTaking
    /// The node's own, of the cluster.
    let records: NodeRecordStore

    private var prepared: PreparedConfiguration { taking.prepared }

    /// Costs a look at every label; for a volume that the catalog does not know, all its headers and lengths, and the node's
    /// records of the runs that they name.
    ///
    /// - Throws: what keeps labels, catalog or those volumes from being looked at; `CancellationError`.
    func look() async throws -> Result {
        let view = try await taking.look()
        let unlogged = try await unlogged(view)
        var result = Result()
        let candidates = (view.unknown + unlogged).filter { volume in
            guard let reason = refusal(of: volume, among: view) else { return true }
            result.findings.append(Finding(volume: volume, outcome: .leftAlone(reason)))
            return false
        }
        for run in Set(candidates.map(\.run)).sorted() {
            let volumes = candidates.filter { $0.run == run }
            do {
                try await add(volumes, of: run, view, to: &result)
            } catch let error as UnreadRecord where !error.cause.isUnreachable {
                result.findings += Result(leavingAlone: volumes, because: error).findings
            }
        }
        let places = Dictionary(
            view.slots.enumerated().map { ($0.element.slot, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        result.findings.sort { (places[$0.volume.slot] ?? 0) < (places[$1.volume.slot] ?? 0) }
        return result
    }

    /// Volumes that the tapelist has with their run, of which the logs do not tell how it ended though the node has a record of it
    /// in the bucket: the logs may be an older copy too, by themselves or of the middle of that run.
    private func unlogged(_ view: VolumeView) async throws -> [UnknownVolume] {
        let known = view.slots.compactMap { slot -> UnknownVolume? in
            guard case .labelled(let header) = slot.volume, let run = header.datestamp, run < taking.run,
                view.chooser.tapelist.entry(label: header.label)?.datestamp == run
            else { return nil }
            return UnknownVolume(slot: slot.slot, label: header.label, run: run, listed: .unlogged)
        }
        var untold = try await runBlocking(
            "catalog", asking: prepared.location.mayHang, prepared.location.patience
        ) {
            [location = prepared.location] in
            try CatalogReader(location).untoldRuns(among: Set(known.map(\.run)))
        }
        for run in untold where try await hasNoRecord(run) { untold.remove(run) }
        return known.filter { untold.contains($0.run) }
    }

    /// What the store refuses to show may be there.
    private func hasNoRecord(_ run: Datestamp) async throws -> Bool {
        do {
            return try await record(of: run) == nil
        } catch let error as UnreadRecord where !error.cause.isUnreachable {
            return false
        }
    }

    /// Why a run is not even looked at; nil: it is.
    private func refusal(of volume: UnknownVolume, among view: VolumeView) -> String? {
        let bearers = view.slots.filter { slot in
            if case .labelled(let header) = slot.volume { header.label == volume.label } else { false }
        }
        if volume.listed == .unlogged { return nil }
        if bearers.count > 1 { return "another slot bears its label too" }
        if case .run(let listed) = volume.listed, volume.run < listed {
            return "an older run than the catalog's"
        }
        if case .absent = volume.listed {
            // An administrator may have taken it out (`amrmtape`): an older copy lacks what is newer than all of it.
            if let newest = view.chooser.tapelist.newestDatestamp, volume.run <= newest {
                return "it was taken out of the tapelist, which has newer runs"
            }
            guard volume.label.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                return "its label is none that Amanda gives"
            }
        }
        if let latest, volume.run > latest { return "the run's name is later than the store's clock" }
        return volume.run < taking.run ? nil : "its run is not older than \(taking.run)"
    }

    /// The latest name that a run can have by now.
    private var latest: Datestamp? {
        let device = prepared.changer.devices.first { $0.bucketPath != nil }
        let client = device.flatMap { try? taking.client(prepared.store.volume("", on: $0)) }
        let now = client?.storeTime ?? Datestamp.now?.secondsOfLocalTime
        return now.flatMap { Datestamp(localTimeOf: $0 + Self.leadSeconds) }
    }

    private func add(
        _ volumes: [UnknownVolume], of run: Datestamp, _ view: VolumeView, to result: inout Result
    ) async throws {
        let found = try await read(run, view)
        let isEverySlotKnown = view.slots.allSatisfy {
            if case .unreadable = $0.volume { false } else { true }
        }
        let (dumps, doubts) = try await verdicts(on: found, of: run, isEverySlotKnown)
        var recovered = RecoveredRun(run: run, volumes: [], dumps: [])
        for volume in volumes {
            let here = dumps.filter { $0.logged.parts.contains { $0.label == volume.label } }
            var doubt = doubts[volume.label]
            if volume.listed == .unlogged {
                let told = here.filter { $0.madeWithin != nil }
                if try await isLogged(told, of: run) { continue }
                doubt = nil
            } else if let doubt, here.isEmpty {
                result.findings.append(Finding(volume: volume, outcome: .leftAlone(doubt)))
                continue
            }
            recovered.volumes.append(.init(label: volume.label, isReusable: doubt == nil))
            result.findings.append(
                Finding(volume: volume, outcome: .entered(dumpCount: here.count, besides: doubt)))
        }
        guard !recovered.volumes.isEmpty else { return }
        let labels = Set(recovered.volumes.map(\.label))
        recovered.dumps = dumps.filter { $0.logged.parts.contains { labels.contains($0.label) } }
        result.runs.append(recovered)
    }

    private func isLogged(_ dumps: [RecoveredRun.Dump], of run: Datestamp) async throws -> Bool {
        try await runBlocking("catalog", asking: prepared.location.mayHang, prepared.location.patience) {
            [location = prepared.location] in
            let known = try CatalogReader(location).loggedDumps(of: run) ?? []
            return dumps.allSatisfy { known.contains($0.name) }
        }
    }

    /// Every volume that bears the run, known or not: a dump may span both.
    private func read(_ run: Datestamp, _ view: VolumeView) async throws -> [FoundVolume] {
        let access = VolumeAccess(client: taking.client)
        var found: [FoundVolume] = []
        for (slot, device) in zip(view.slots, view.devices) {
            guard case .labelled(let header) = slot.volume, header.datestamp == run else { continue }
            let record = try await runBlocking("volume", asking: device.mayHang) {
                [store = prepared.store] in
                store.volume(header.label, on: device)
            }
            found.append(try await FoundVolume.read(record, access))
        }
        return found
    }

    /// What is whole, and by label why something else may be.
    private func verdicts(
        on volumes: [FoundVolume], of run: Datestamp, _ isEverySlotKnown: Bool
    ) async throws -> (dumps: [RecoveredRun.Dump], doubts: [String: String]) {
        var dumps: [RecoveredRun.Dump] = []
        var doubts: [String: String] = [:]
        for volume in volumes {
            doubts[volume.record.label] = volume.oddity
        }
        var known: [Datestamp: NodeRecord?] = [:]
        for dump in FoundDump.all(on: volumes) {
            let made = dump.header.datestamp
            let record = if let record = known[made] { record } else { try await self.record(of: made) }
            known[made] = .some(record)
            switch try await dump.verdict(
                run: run, in: record, of: prepared.choice.name, on: volumes,
                isEverySlotKnown: isEverySlotKnown, partByteCount: prepared.layout.partByteCount)
            {
            case .whole(let dump): dumps.append(dump)
            case .gone: break
            case .unproved(let reason):
                for file in dump.files where doubts[file.label] == nil { doubts[file.label] = reason }
            }
        }
        return (dumps, doubts)
    }

    /// nil: there is none, or it is another's; what the volume says of itself counts then.
    ///
    /// - Throws: `UnreadRecord` where the store does not show it: that is no proof that there is none.
    private func record(of run: Datestamp) async throws -> NodeRecord? {
        let record: NodeRecord?
        do {
            record = try await records.read(run, node: taking.node)
        } catch let error as S3Error {
            throw UnreadRecord(run: run, cause: error)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return nil  // no record of ours
        }
        guard let record, record.node == taking.node, record.run == run else { return nil }
        return record
    }
}

/// The cluster's store, which need not be the one of the volumes, is away or refuses.
struct UnreadRecord: Fault {
    let run: Datestamp
    let cause: S3Error

    var facts: String { "the node's record of run \(run) could not be read: \(cause.facts)" }
}

extension CatalogCatchUp.Finding {
    /// - Parameter isDone: the catalog has it by now.
    func text(isDone: Bool) -> String {
        switch outcome {
        case .leftAlone(let reason): return "\(volume): \(reason)"
        case .entered(let count, let besides):
            let what =
                besides.map { "; '\(volume.label)' becomes no-reuse, for what else lies there: \($0)" } ?? ""
            let dumps = Quantity.count(count, "dump")
            guard isDone else {
                return "\(volume) until the next backup has entered the run, with \(dumps)\(what)"
            }
            return
                "slot '\(volume.slot)': volume '\(volume.label)' bears run \(volume.run), unknown to the catalog: "
                + "it is entered now, with \(dumps), whose files amrecover cannot list\(what)"
        }
    }

    var isLeftAlone: Bool { if case .leftAlone = outcome { true } else { false } }
}
