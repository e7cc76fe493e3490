// SPDX-License-Identifier: Apache-2.0

/// The keys of everything that is ours in the bucket, and where Amanda's begin (Docs/FORMATS.md, "The bucket").
public struct BucketLayout: Sendable, Hashable {
    /// No node may have this name: what lies under it belongs to the cluster.
    public static let reservedName = "_amfleet"

    public let prefix: String

    public init(prefix: String) {
        self.prefix = prefix
    }

    public init(_ storage: StorageAddress) {
        self.init(prefix: storage.prefix)
    }

    /// Identity of the cluster that owns the prefix: written once, with `If-None-Match`.
    public var cluster: String { ours("cluster.json") }
    /// The lists of revoked certificates, each signed by its authority: a `RevocationOrder`.
    public var revoked: String { ours("revoked.json") }
    public var lease: String { ours("lease.json") }
    /// Lets one node at a time change the lifecycle rules of a bucket that has volumes.
    ///
    /// - Parameter store: where the bucket is; nil: in the cluster's store. Two stores may have a bucket of that name.
    public func lifecycleLock(bucket: String, at store: StoreRecord? = nil) -> String {
        guard let store else { return ours("lifecycle-\(bucket).lock") }
        let host = (store.endpoint ?? "aws").split(separator: "/").last ?? ""
        return ours("lifecycle-\(bucket)@\(host.replacing(":", with: "_")).lock")
    }
    /// Written only where a condition was refused, to tell why.
    public var conditionTrial: String { ours("conditions") }
    public var runs: String { ours("runs/") }
    /// Which runs' manifests may say that they are pinned.
    public var pins: String { ours("pins.json") }

    /// Runs of which nothing is left but a line, by year.
    public var history: String { ours("history/") }
    /// How far `backup` has looked for more of them.
    public var historyProgress: String { "\(history)seen.json" }
    /// - Parameter year: four digits, as a run's name begins.
    public func history(ofYear year: String) -> String { "\(history)\(year).jsonl" }

    public func manifest(_ run: RunName) -> String { "\(runs)\(run)/manifest.json" }
    /// Everything of a run.
    public func records(of run: RunName) -> String { "\(runs)\(run)/" }
    public func nodeRecord(_ run: RunName, node: String) -> String { "\(runs)\(run)/nodes/\(node).json" }

    /// What a self-backup's volumes must begin with: `PREFIX/<node>/<configuration>/`.
    public func volumes(node: String, configuration: String) -> String { under("\(node)/\(configuration)/") }

    /// Where everything of a node lies: `PREFIX/<node>/`.
    public func node(_ name: String) -> String { under("\(name)/") }

    private func ours(_ rest: String) -> String { under("\(Self.reservedName)/\(rest)") }

    private func under(_ rest: String) -> String { prefix.isEmpty ? rest : "\(prefix)/\(rest)" }
}
