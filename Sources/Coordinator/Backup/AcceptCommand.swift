// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet accept`: a suspect dump is as it should be, says the operator.
///
/// The node writes it into its own record of the run, and the run is judged anew: the dump is then the measure of the next.
public struct AcceptCommand: Sendable {
    public struct Options: Sendable {
        public var node: String
        /// As the disklist names it.
        public var disk: String
        /// nil: the one in which the disk is suspect.
        public var configuration: String?
        public var isLeased: Bool

        public init(node: String, disk: String, configuration: String? = nil, isLeased: Bool = true) {
            self.node = node
            self.disk = disk
            self.configuration = configuration
            self.isLeased = isLeased
        }
    }

    let cluster: Cluster
    let options: Options

    public init(_ cluster: Cluster, _ options: Options) {
        self.cluster = cluster
        self.options = options
    }

    /// - Throws: `CoordinatorError` where there is nothing to accept; why the node did not.
    public func run(_ run: RunName) async throws -> AcceptReport {
        let selection = try Selection(
            cluster.file, nodes: [options.node], configurations: [options.configuration].compactMap(\.self))
        let manifest = try await RunChoice(cluster).manifest(run).value
        guard manifest.verdict != .running else { throw CoordinatorError.runRunning(run) }
        let (choice, dump) = try await suspect(in: run, selection)
        let preflight = try await Preflight.passed(cluster, nodes: [options.node], configurations: nil)
        return try await cluster.holding(for: "accept", run, isLeased: options.isLeased) { lease in
            _ = try preflight.fitNodes()
            try await accept(run, choice, lease)
            // What counts from now on is what lies in the bucket.
            let record = try await cluster.bucket.nodeRecord(run, node: options.node)
            if let fault = Self.fault(of: record, choice, disk: options.disk, node: options.node) {
                throw fault
            }
            let verdict = try await judge(run, lease)
            return AcceptReport(
                run: run, node: options.node, configuration: choice.name, disk: options.disk,
                suspect: dump.suspect, verdict: verdict)
        }
    }

    /// Why the node's word that it is accepted is not believed; nil: its record says so too.
    static func fault(
        of record: NodeRecord?, _ choice: ConfigurationChoice, disk: String, node: String
    ) -> WireError? {
        let dumps = (record?.configurations ?? []).filter { $0.name == choice.name }.flatMap(\.dumps)
            .filter { $0.disk == disk }
        guard dumps.isEmpty || dumps.contains(where: \.isSuspect) else { return nil }
        return WireError(
            .failed, node: node,
            "the agent says that it is done, and its record in the bucket does not: nothing is accepted",
            hint: "look at amfleetd's log on the node, then run it again.")
    }

    /// The one dump that is meant.
    private func suspect(
        in run: RunName, _ selection: Selection
    ) async throws -> (ConfigurationChoice, DumpRecord) {
        guard let record = try await cluster.impatientBucket.nodeRecord(run, node: options.node) else {
            throw CoordinatorError.nothingSuspect(
                facts: "run \(run) has no record of node '\(options.node)'", run: run)
        }
        let ofDisk = record.configurations.flatMap { configuration in
            configuration.dumps.filter { $0.disk == options.disk }.map { (configuration, $0) }
        }.filter { configuration, _ in selection.configurations.contains { $0.name == configuration.name } }
        guard !ofDisk.isEmpty else {
            let disks = Set(record.configurations.flatMap(\.dumps).map(\.disk)).sorted()
            throw CoordinatorError.nothingSuspect(
                facts: "run \(run) has no dump of disk '\(options.disk)' of node '\(options.node)': "
                    + "its disks are \(disks.joined(separator: ", "))", run: run)
        }
        let suspects = ofDisk.filter { $0.1.isSuspect }
        guard let (configuration, dump) = suspects.first else {
            let isAccepted = ofDisk.contains { $0.1.suspect?.acceptedAt != nil }
            throw CoordinatorError.nothingSuspect(
                facts: "the dump of '\(options.disk)' of node '\(options.node)' in run \(run) "
                    + (isAccepted ? "has been accepted already" : "is not suspect"), run: run)
        }
        guard suspects.count == 1 else {
            throw CoordinatorError.severalSuspects(
                disk: options.disk, configurations: suspects.map(\.0.name))
        }
        return (ConfigurationChoice(name: configuration.name, role: configuration.role), dump)
    }

    private func accept(_ run: RunName, _ choice: ConfigurationChoice, _ lease: RunLease?) async throws {
        let number = String(UInt32.random(in: UInt32.min...UInt32.max), radix: 16)
        let order = AcceptOrder(configurations: [choice], disk: options.disk)
        let job = FleetJob(
            request: cluster.request(
                .accept(order), run: run, node: options.node, among: 1,
                id: "accept-\(run)-\(number)-\(options.node)", fence: lease?.fence ?? 0))
        let result = try await FleetJobs(cluster: cluster, lease: lease).carry([job])
        if result.isCancelled { throw CancellationError() }
        let ending = result.endings.first
        guard ending?.snapshot?.state == .succeeded else {
            throw WireErrors.joined(
                ending?.faults ?? [WireError(.failed, node: options.node, "the agent does not say why not")])
        }
    }

    /// What the run is now: only what was suspect or held can have changed.
    private func judge(_ run: RunName, _ lease: RunLease?) async throws -> RunManifest.Verdict {
        let stored = try await RunChoice(cluster.bucket).manifest(run)
        let nodes = stored.value.nodes.filter { verdict in
            verdict.node == options.node && (verdict.state == .suspect || verdict.state == .held)
        }
        guard !nodes.isEmpty else { return stored.value.verdict }
        return try await shielded {
            try await RunConclusion(cluster: cluster).conclude(
                stored, endings: nodes.map { NodeEnding(node: $0.node, attempt: $0.attempt) },
                fence: lease?.fence)
        }.manifest.verdict
    }
}

/// What was accepted, and what the run is now.
public struct AcceptReport: Sendable, Encodable {
    public var run: RunName
    public var node: String
    public var configuration: String
    public var disk: String
    /// Why it was suspect, with both figures.
    public var suspect: SuspectRecord?
    public var verdict: RunManifest.Verdict
}

extension AcceptReport: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        [
            "\(node): \(configuration): \(disk): accepted: \(suspect?.text ?? "")",
            "the next dumps are compared with it; run \(run) is \(verdict.rawValue) now",
        ]
    }
}
