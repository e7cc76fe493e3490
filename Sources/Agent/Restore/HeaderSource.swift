// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump

/// Reads dumps out of the volumes themselves: of runs that neither a record nor a catalog knows, and on a machine that has nothing.
///
/// What an increment builds on no header says: the newest dump of a lower level before it is taken, and that is said.
struct HeaderSource: RestorableDiskSource {
    /// For messages.
    let node: String
    let run: Datestamp
    /// Of the configuration that is asked for.
    let survey: HeaderSurvey
    /// `NB_THREADS_RECOVERY` of a configuration that is on this node.
    var threads: @Sendable (ConfigurationChoice) -> Int? = { _ in nil }
    /// Disks whose full dumps are made by other means, as this node's disklist says.
    var fullsAreElsewhere: @Sendable (DiskName) -> Bool = { _ in false }

    func disks(of configuration: ConfigurationChoice) async throws -> RestorableSet {
        var set = RestorableSet()
        let dumps = survey.dumps.filter { $0.made == run }
        for (name, dumps) in Dictionary(grouping: dumps, by: \.diskName).sorted(by: { $0.key < $1.key }) {
            guard let dump = dumps.first(where: { $0.fault == nil }) ?? dumps.first else { continue }
            do throws(Gap) {
                set.disks.append(try disk(name, chain(to: dump), configuration))
            } catch {
                set.missing.append((name.disk, error.reason))
            }
        }
        guard !dumps.isEmpty else {
            let besides = survey.faults.isEmpty ? "" : "; \(survey.faults.joined(separator: "; "))"
            throw WireError(
                .damaged, node: node,
                "no header of a volume of configuration '\(configuration.name)' in the bucket tells of run \(run)\(besides)",
                hint: "choose another run: the newest that the headers tell of is "
                    + "\(survey.newestWhole().run.map { "\($0.run)" } ?? "not there").")
        }
        return set
    }

    private struct Gap: Error {
        let reason: String
    }

    private func chain(to dump: SurveyedDump) throws(Gap) -> [SurveyedDump] {
        var links = [dump]
        while let top = links.last {
            if let fault = top.fault {
                let builds = links.count > 1 ? ", on which it builds" : ""
                throw Gap(reason: "\(top.what) of run \(top.made)\(builds): \(fault)")
            }
            guard top.level > 0 else { break }
            guard let base = survey.base(of: top.diskName, below: top.level, before: top.made) else {
                if fullsAreElsewhere(top.diskName) { break }
                throw Gap(
                    reason: "no header tells of the full dump that \(top.what) of run \(top.made) builds on")
            }
            links.append(base)
        }
        return links.reversed()
    }

    private func disk(
        _ name: DiskName, _ chain: [SurveyedDump], _ configuration: ConfigurationChoice
    ) throws(Gap) -> RestorableDisk {
        var disk = RestorableDisk(
            configuration: configuration, disk: name.disk, device: chain.last?.device,
            dumps: try chain.map { dump throws(Gap) in try restorable(dump) },
            recoveryThreadCount: threads(configuration) ?? RecordSource.recoveryThreadCount, host: name.host)
        disk.indexedSelection = selection(of: chain)
        disk.remarks = remarks(on: chain)
        return disk
    }

    private func restorable(_ dump: SurveyedDump) throws(Gap) -> RestorableDump {
        let files = dump.files ?? []
        var labels: [String] = []
        for file in files where !labels.contains(file.label) { labels.append(file.label) }
        let record = DumpBaseRecord(
            run: dump.made, writtenRun: dump.written, level: dump.level,
            volumes: labels.compactMap { survey.records[$0] },
            parts: files.map {
                PartPlace(label: $0.label, fileNumber: Int($0.number), byteCount: $0.byteCount)
            })
        do throws(WireError) {
            return try RestorableDump(record)
        } catch {
            throw Gap(reason: error.message)
        }
    }

    /// Where every include is a plain name: what a pattern found stands in no header.
    private func selection(of chain: [SurveyedDump]) -> DumpSelection? {
        guard let dle = (try? chain.last?.header.dle).flatMap(\.self) else { return nil }
        let includes = dle.include ?? DLEDescription.FileSelection()
        let names = includes.files.map { $0.hasPrefix("./") ? String($0.dropFirst(2)) : $0 }
        let isPlain =
            !names.isEmpty && includes.lists.isEmpty
            && names.allSatisfy { name in !name.contains { "*?[\\".contains($0) } }
        guard isPlain else { return nil }
        let selection = DumpSelection(
            included: names.map(\.amandaBytes),
            excluded: (dle.exclude?.files ?? []).map { TarSelection.quoted($0.amandaBytes) })
        return selection?.isSound == true ? selection : nil
    }

    private func remarks(on chain: [SurveyedDump]) -> [String] {
        var remarks = chain.compactMap { dump -> String? in
            guard case .whole(_, let doubt?) = dump.verdict else { return nil }
            return "found by its header alone: level \(dump.level) of run \(dump.made): \(doubt)"
        }
        if chain.count > 1 {
            let runs = chain.map { "level \($0.level) of run \($0.made)" }.joined(separator: ", ")
            remarks.append(
                "put together by headers alone: \(runs); no header says on which dump an increment builds")
        }
        return remarks
    }
}

extension RestorePlanning {
    /// What the volumes in the bucket say of a configuration of the node whose data are asked for.
    func survey(of configuration: ConfigurationChoice) async throws -> HeaderSurvey {
        try await HeaderSurvey.read(
            configuration.name, of: order.sourceNode, layout: records.layout,
            bucket: clients.bucketOfCluster, clients: clients, isOwn: order.sourceNode == node)
    }

    /// The dumps of a run by their headers alone.
    ///
    /// - Parameter run: nil: the restore's own.
    func headerSource(
        of configuration: ConfigurationChoice, _ survey: HeaderSurvey, run: RunName? = nil
    ) -> HeaderSource {
        let checked = configurations.named(configuration.name)
        let disklist = try? checked?.loaded.get().disklist
        var source = HeaderSource(node: node, run: run ?? self.run, survey: survey)
        source.threads = { _ in checked?.changer?.recoveryThreadCount }
        source.fullsAreElsewhere = { name in
            disklist?.entries.first { $0.name == name }?.dumptype.schedule.fullsAreElsewhere == true
        }
        return source
    }

    /// The newest run of a configuration that is whole with all that it builds on, by headers; nil: there is none.
    ///
    /// - Parameter limit: no run after it.
    func newestWhole(
        of configuration: ConfigurationChoice, notAfter limit: RunName?
    ) async throws -> (run: RunName, set: RestorableSet)? {
        let survey = try await survey(of: configuration)
        for run in survey.runs where run.isWhole && (limit == nil || run.run <= limit ?? run.run) {
            let set = try await headerSource(of: configuration, survey, run: run.run).disks(of: configuration)
            if set.missing.isEmpty { return (run.run, set) }
        }
        return nil
    }
}
