// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import FoundationEssentials

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
        /// Disks of host names that a machine has lost are given to localhost.
        public var adopts = false
        public var deletes: Bool
        public var isLeased: Bool
        /// Of what lies in the archive; nil: as usual.
        public var thaw: ThawOrder?
        public var ignoresRoom: Bool
        /// Opens what the nodes have sealed, for it to be put back; nil: nothing of that is.
        public var recoveryKey: RecoveryKeyFile?
        /// Put keys back also where others lie.
        public var overwritesKeys = false
        /// Sealed files that are put back wherever they lie.
        public var acceptedKeys: [String] = []
        /// Without a run: none that is younger.
        public var moment: RunMoment?
        /// `old=new`: whose data go to a machine of another name.
        public var map: [String] = []

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

    static let verb = "restore"

    let cluster: Cluster
    let options: Options

    public init(_ cluster: Cluster, _ options: Options) {
        self.cluster = cluster
        self.options = options
    }

    public func run() async throws -> RestoreSetReport {
        let wanted = try await wanted()
        return try await cluster.holding(for: Self.verb, wanted.source.run, isLeased: options.isLeased) {
            lease in
            _ = try wanted.preflight.fitNodes()
            return try await carry(wanted, lease)
        }
    }

    /// What `run` would do on every node, by the nodes' own planning; nothing is written anywhere.
    public func plan() async throws -> RestorePlanReport {
        let wanted = try await wanted()
        _ = try wanted.preflight.fitNodes()
        let source = wanted.source
        tell(source, wanted.secrets)
        // Another plan of the same run must not be answered with this one's result.
        let number = String(UInt32.random(in: UInt32.min...UInt32.max), radix: 16)
        let jobs = source.nodes.map { node in
            FleetJob(
                request: cluster.request(
                    .restorePlan(wanted.order(for: node, options)), run: source.run, node: node,
                    among: source.nodes.count, id: "rplan-\(source.run)-\(number)-\(node)", fence: 0),
                secrets: wanted.secrets.orders[source.owner(of: node)])
        }
        let result = try await FleetJobs(cluster: cluster, lease: nil).carry(jobs)
        return RestorePlanReport(run: source.run, asked: wanted.nodes, result, source, wanted.secrets)
    }

    /// Everything that is known before any node is asked to do something.
    private func wanted() async throws -> Wanted {
        if let directory = options.directory, !directory.hasPrefix("/") {
            throw CoordinatorError.unusableName(
                what: "--to", fault: "must be an absolute path on the nodes, found '\(directory)'")
        }
        // A key that cannot be used is told before anything is asked.
        var reader: NodeSecretsReader?
        if let key = options.recoveryKey { reader = try await NodeSecretsReader(cluster, key) }
        let selection = try Selection(
            cluster.file, nodes: options.nodes, configurations: options.configurations)
        var wish = RestoreWish(selection: selection, run: options.run, moment: options.moment)
        wish.map = try NodeMap(
            options.map, onto: selection.nodes, of: cluster.settings.nodes.map(\.name))
        wish.replacesSelfBackup = options.run != nil && options.directory == nil
        var preflight = try await Preflight.passed(cluster, nodes: selection.nodes, configurations: nil)
        let source = try await RestoreSource.choose(cluster, wish)
        try options.overwritten.requireKnown(in: source)
        let takeUp = try await RestoreTakeUp(
            source.run, options.order(of: source), sources: wish.map.sources
        ).looked(
            cluster, preflight.runningJobs, now: Date())
        preflight.ownJobs = takeUp.running
        let fit = source.without(preflight.fitness)
        let owners = Set(fit.nodes.map(fit.owner)).sorted()
        return Wanted(
            nodes: selection.nodes, source: fit, preflight: preflight, takeUp: takeUp,
            secrets: try await reader?.read(owners, for: fit.run) ?? OpenedSecrets(),
            commands: cluster.settings.nodes.reduce(into: [:]) { $0[$1.name] = $1.restore })
    }

    private struct Wanted: Sendable {
        let nodes: [String]
        let source: RestoreSource
        let preflight: Preflight
        let takeUp: RestoreTakeUp
        /// By whose they are.
        let secrets: OpenedSecrets
        /// Around a restore in place, by the machine.
        let commands: [String: RestoreCommands]

        /// - Parameter isOrphan: the coordinator that began it has died over it, and never told what the nodes did.
        func order(for node: String, _ options: Options, isOrphan: Bool = false) -> RestoreOrder {
            var order = options.order(of: source)
            order.sourceNode = source.owner(of: node)
            order.overwrittenDisks = nil
            options.overwritten.add(to: &order, disks: source.disks[node])
            if options.directory == nil { order.commands = commands[node] }
            if takeUp.isGoingOn || isOrphan { order.continues = true }
            if secrets.orders[order.sourceNode] != nil { options.addKeys(to: &order) }
            return order
        }
    }

    private func carry(_ wanted: Wanted, _ lease: RunLease?) async throws -> RestoreSetReport {
        let (source, takeUp) = (wanted.source, wanted.takeUp)
        let isOrphan = lease?.takenFrom?.isOfRestore(source.run) == true
        let jobs = source.nodes.map { node in
            let order = wanted.order(for: node, options, isOrphan: isOrphan)
            let running = takeUp.running(on: node)
            return FleetJob(
                request: cluster.request(
                    .restore(order), run: source.run, node: node, among: source.nodes.count,
                    id: running?.id ?? takeUp.id(node), attempt: running?.attempt ?? 1,
                    fence: lease?.fence ?? 0), isKnown: running != nil,
                secrets: wanted.secrets.orders[source.owner(of: node)])
        }
        cluster.console.say(
            "restoring run \(source.run) on \(Quantity.count(source.nodes.count, "node")), "
                + (options.directory.map { "under \($0)" } ?? "in place"))
        tell(source, wanted.secrets)
        for node in source.nodes where takeUp.running(on: node) != nil {
            cluster.console.say("\(node): the same restore runs there already: it is gone on with")
        }
        let result = try await FleetJobs(cluster: cluster, lease: lease).carry(jobs)
        return RestoreSetReport(run: source.run, asked: wanted.nodes, result, source, wanted.secrets)
    }

    private func tell(_ source: RestoreSource, _ secrets: OpenedSecrets) {
        for line in secrets.remarks + secrets.faults.values.map(\.headline).sorted() {
            cluster.console.say(line)
        }
        for suspect in source.suspects { cluster.console.say(suspect.headline) }
        for remark in source.remarks { cluster.console.say(remark) }
        for node in source.nodes where source.owner(of: node) != node {
            cluster.console.say("\(node): gets the data of node '\(source.owner(of: node))'")
        }
        for line in source.recoveryPoints.lines { cluster.console.say(line) }
    }

    /// The self-backup first: it brings the catalogs and settings that the rest may need.
    static func inRestoreOrder(_ configurations: [ConfigurationChoice]) -> [ConfigurationChoice] {
        configurations.filter { $0.role == .selfBackup } + configurations.filter { $0.role == .data }
    }
}

extension RestoreCommand.Options {
    /// What the orders of all nodes have in common; whose data is said for each.
    func order(of source: RestoreSource) -> RestoreOrder {
        var order = RestoreOrder(
            sourceNode: "", configurations: RestoreCommand.inRestoreOrder(source.configurations),
            directory: directory, overwrite: overwrites, delete: deletes, thaw: thaw, ignoresRoom: ignoresRoom
        )
        overwritten.add(to: &order, disks: nil)
        if acceptsSecurityFile { order.acceptsSecurityFile = true }
        if isUnconfined { order.isUnconfined = true }
        if adopts { order.adopts = true }
        return order
    }

    /// For a node whose sealed files are sent.
    fileprivate func addKeys(to order: inout RestoreOrder) {
        order.awaitsSecrets = true
        if overwritesKeys { order.overwritesKeys = true }
        if !acceptedKeys.isEmpty { order.acceptedKeys = acceptedKeys }
    }
}
