// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import S3

/// Finds the newest self-backup of a node that can be restored, by labels and headers alone.
///
/// Costs a listing of the node's place and, for each configuration that may be it, what `HeaderSurvey` costs: naming the configuration
/// saves those of the others.
struct SelfBackupFinder: Sendable {
    let order: BootstrapOrder
    let clients: BucketClients

    struct Found: Sendable {
        let configuration: ConfigurationChoice
        let survey: HeaderSurvey
        let run: SurveyedRun
        let disks: [RestorableDisk]
        /// Newer ones that are not whole.
        let passedOver: [String]
        let remarks: [String]

        /// The newest whole one that is older; nil: there is none.
        var runBefore: Datestamp? { survey.runs.first { $0.run < run.run && $0.isWhole }?.run }
    }

    /// Folders of the node's place; configurations are few.
    private static let folderLimit = 10_000

    private var layout: BucketLayout { BucketLayout(order.storage) }

    /// - Throws: `WireError` where there is none, or more than one configuration may be it.
    func find() async throws -> Found {
        var names = [order.configuration].compactMap(\.self)
        if names.isEmpty { names = try await configurations() }
        guard !names.isEmpty else { throw nothing() }
        var surveys: [HeaderSurvey] = []
        var faults: [String] = []
        for name in names {
            let survey = try await HeaderSurvey.read(
                name, of: order.node, layout: layout, bucket: order.storage.bucket, clients: clients)
            guard survey.dumps.contains(where: isAmandas) else {
                faults += survey.faults
                continue
            }
            surveys.append(survey)
        }
        guard let survey = surveys.first else {
            let there = try await configurations()
            throw there.isEmpty ? nothing() : Self.noSelfBackup(order, among: there, faults)
        }
        guard surveys.count == 1 else {
            throw WireError(
                .configuration, node: order.node,
                "more than one configuration dumps what holds '\(order.amandaDirectory)': "
                    + surveys.map(\.configuration).joined(separator: ", "),
                hint: "say which is the self-backup: '--configuration NAME'.")
        }
        return try await newest(in: survey)
    }

    /// By the folders below the node's own.
    private func configurations() async throws -> [String] {
        let place = layout.node(order.node)
        let client = try clients.main
        let listing = try await client.list(
            prefix: place, delimiter: "/", atMost: Self.folderLimit)
        return listing.commonPrefixes.map { String($0.dropFirst(place.count).dropLast()) }
            .filter(ConfigurationDirectory.isName).sorted()
    }

    /// Whether it holds the Amanda directory.
    private func isAmandas(_ dump: SurveyedDump) -> Bool {
        SelfBackupPlace(
            device: RestoreTarget.trimmed(dump.device),
            amandaDirectory: RestoreTarget.trimmed(order.amandaDirectory)) != nil
    }

    private func newest(in survey: HeaderSurvey) async throws -> Found {
        let choice = ConfigurationChoice(name: survey.configuration, role: .selfBackup)
        let amandas = Set(survey.dumps.filter(isAmandas).map(\.diskName))
        var passedOver: [String] = []
        for run in survey.runs where order.time == nil || run.run <= order.time ?? run.run {
            func passOver(_ reason: String) { passedOver.append("run \(run.run): \(reason)") }
            guard run.isWhole else {
                passOver(run.faults.joined(separator: "; "))
                continue
            }
            guard run.disks.contains(where: amandas.contains) else {
                passOver("it has no dump of '\(order.amandaDirectory)'")
                continue
            }
            let set = try await HeaderSource(node: order.node, run: run.run, survey: survey).disks(of: choice)
            guard set.missing.isEmpty else {
                passOver(set.missing.map { "\($0.disk): \($0.reason)" }.joined(separator: "; "))
                continue
            }
            return Found(
                configuration: choice, survey: survey, run: run, disks: set.disks, passedOver: passedOver,
                remarks: remarks(on: run, of: survey) + survey.faults)
        }
        throw WireError(
            .damaged, node: order.node,
            "no run of self-backup '\(survey.configuration)' is whole in the bucket"
                + (order.time.map { " up to \($0)" } ?? "")
                + (passedOver.isEmpty ? "" : ": \(passedOver.joined(separator: "; "))"),
            hint: survey.runs.isEmpty || order.time == nil
                ? "see what lies under \(layout.volumes(node: order.node, configuration: survey.configuration))."
                : "its oldest run is \(survey.runs.last.map { "\($0.run)" } ?? ""): name a later time.")
    }

    /// Disks that its other runs have: whether they were taken out of the disklist nobody knows here.
    private func remarks(on run: SurveyedRun, of survey: HeaderSurvey) -> [String] {
        let others = survey.runs.filter { $0.run < run.run }.first?.disks ?? []
        return others.filter { !run.disks.contains($0) }.map {
            "run \(run.run) has no dump of '\($0.disk)', which the run before it has"
        }
    }

    private func nothing() -> WireError {
        WireError(
            .configuration, node: order.node,
            "nothing lies under s3://\(order.storage.bucket)/\(layout.node(order.node))",
            hint: "see the bucket, the prefix and the name of the node.")
    }

    private static let toldFaultCount = 5

    /// - Parameters:
    ///   - names: of the configurations that have volumes.
    ///   - faults: slots of which nothing is known: it may lie there.
    static func noSelfBackup(
        _ order: BootstrapOrder, among names: [String], _ faults: [String]
    ) -> WireError {
        let asked = order.configuration.map { " of configuration '\($0)'" } ?? ""
        let message =
            "no header\(asked) in the bucket tells of a dump that holds '\(order.amandaDirectory)'; configurations there: "
            + names.joined(separator: ", ")
        guard faults.isEmpty else {
            return WireError(
                .damaged, node: order.node,
                "\(message); not known is what lies in: \(faults.prefix(toldFaultCount).joined(separator: "; "))"
                    + (faults.count > toldFaultCount ? "; and \(faults.count - toldFaultCount) more" : ""),
                hint:
                    "a self-backup may lie there: Docs/OPERATIONS.md, 'Last resort', reads it without its label."
            )
        }
        let isUnknown = order.configuration.map { !names.contains($0) } ?? false
        return WireError(
            .configuration, node: order.node, message,
            hint: isUnknown
                ? "'--configuration' names the self-backup's; without it each is looked into."
                : "if Amanda's directory lay elsewhere, name that with '--amanda-directory DIR'.")
    }
}
