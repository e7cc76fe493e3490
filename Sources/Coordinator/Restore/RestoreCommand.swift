// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet restore`: brings a run's data back onto every node at once.
public struct RestoreCommand: Sendable {
    public struct Options: Sendable {
        /// Nil: the newest run that is complete and whose volumes still bear it.
        public var run: RunName?
        /// Empty: all.
        public var nodes: [String]
        /// Empty: all.
        public var configurations: [String]
        /// On the nodes; nil: in place.
        public var directory: String?
        public var overwrites: Bool
        /// Less than everything.
        public var overwritten = OverwrittenPlaces()
        /// Whatever the self-backup's `amanda-security.conf` lets run as root.
        public var acceptsSecurityFile = false
        public var isUnconfined = false
        public var deletes: Bool
        public var isLeased: Bool
        /// Of what lies in the archive; nil: as usual.
        public var thaw: ThawOrder?
        public var ignoresRoom: Bool

        public init(
            run: RunName? = nil, nodes: [String] = [], configurations: [String] = [],
            directory: String? = nil,
            overwrites: Bool = false, deletes: Bool = false, isLeased: Bool = true, thaw: ThawOrder? = nil,
            ignoresRoom: Bool = false
        ) {
            self.run = run
            self.nodes = nodes
            self.configurations = configurations
            self.directory = directory
            self.overwrites = overwrites
            self.deletes = deletes
            self.isLeased = isLeased
            self.thaw = thaw
            self.ignoresRoom = ignoresRoom
        }
    }

    let cluster: Cluster
    let options: Options

    public init(_ cluster: Cluster, _ options: Options) {
        self.cluster = cluster
        self.options = options
    }

    public func run() async throws -> RestoreSetReport {
        if let directory = options.directory, !directory.hasPrefix("/") {
            throw CoordinatorError.unusableName(
                what: "--to", fault: "must be an absolute path on the nodes, found '\(directory)'")
        }
        let selection = try Selection(
            cluster.file, nodes: options.nodes, configurations: options.configurations)
        let preflight = try await Preflight.passed(cluster, nodes: selection.nodes, configurations: nil)
        let source = try await RestoreSource.choose(cluster, run: options.run, selection: selection)
            .without(preflight.fitness)
        try options.overwritten.requireKnown(in: source)
        return try await cluster.holding(for: "restore", source.run, isLeased: options.isLeased) { lease in
            _ = try preflight.fitNodes()
            return try await carry(source, selection, lease)
        }
    }

    private func carry(
        _ source: RestoreSource, _ selection: Selection, _ lease: RunLease?
    ) async throws -> RestoreSetReport {
        // The same run may be restored twice within a second: what tells the two apart cannot be the time.
        let number = String(UInt32.random(in: UInt32.min...UInt32.max), radix: 16)
        let configurations = Self.inRestoreOrder(source.configurations)
        let jobs = source.nodes.map { node in
            var order = RestoreOrder(
                sourceNode: node, configurations: configurations, directory: options.directory,
                overwrite: options.overwrites, delete: options.deletes, thaw: options.thaw,
                ignoresRoom: options.ignoresRoom)
            options.overwritten.add(to: &order, disks: source.disks[node])
            if options.acceptsSecurityFile { order.acceptsSecurityFile = true }
            if options.isUnconfined { order.isUnconfined = true }
            return FleetJob(
                request: cluster.request(
                    .restore(order), run: source.run, node: node, among: source.nodes.count,
                    id: "restore-\(source.run)-\(number)-\(node)",
                    fence: lease?.fence ?? 0))
        }
        cluster.console.say(
            "restoring run \(source.run) on \(Quantity.count(source.nodes.count, "node")), "
                + (options.directory.map { "under \($0)" } ?? "in place"))
        for suspect in source.suspects { cluster.console.say(suspect.headline) }
        for line in source.recoveryPoints.lines { cluster.console.say(line) }
        let result = try await FleetJobs(cluster: cluster, lease: lease).carry(jobs)
        return RestoreSetReport(run: source.run, asked: selection.nodes, result, source)
    }

    /// The self-backup first: it brings the catalogs and settings that the rest may need.
    static func inRestoreOrder(_ configurations: [ConfigurationChoice]) -> [ConfigurationChoice] {
        configurations.filter { $0.role == .selfBackup } + configurations.filter { $0.role == .data }
    }
}
