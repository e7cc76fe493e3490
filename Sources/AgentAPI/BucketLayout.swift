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
    /// - Parameters:
    ///   - year: four digits, as a run's name begins.
    ///   - part: from 1 on; a year has another where one would become too long.
    public func history(ofYear year: String, part: Int = 1) -> String {
        "\(history)\(year)\(part == 1 ? "" : "-\(part)").jsonl"
    }

    /// - Parameter key: of any object.
    /// - Returns: nil for what is no part of a year's history.
    public func historyPart(ofKey key: String) -> (year: String, part: Int)? {
        guard key.hasPrefix(history), key.hasSuffix(".jsonl") else { return nil }
        let name = key.dropFirst(history.count).dropLast(".jsonl".count)
        let pieces = name.split(separator: "-", omittingEmptySubsequences: false)
        guard let year = pieces.first.map(String.init), year.utf8.count == 4, pieces.count <= 2 else {
            return nil
        }
        let part = pieces.count == 1 ? 1 : Int(pieces[1]) ?? 0
        return part > 0 && self.history(ofYear: year, part: part) == key ? (year, part) : nil
    }

    public func manifest(_ run: RunName) -> String { "\(runs)\(run)/manifest.json" }
    /// Everything of a run.
    public func records(of run: RunName) -> String { "\(runs)\(run)/" }
    public func nodeRecord(_ run: RunName, node: String) -> String { "\(runs)\(run)/nodes/\(node).json" }

    /// What one node has put there for itself.
    public var nodes: String { ours("nodes/") }
    public func nodeFolder(_ node: String) -> String { ours("nodes/\(node)/") }
    /// A node's secrets as that run sealed them first; older versions stay while a dump needs them.
    public func nodeSecrets(_ node: String, run: RunName) -> String {
        nodeSecrets(node, SealedVersion(run: run))
    }
    public func nodeSecrets(_ node: String, _ version: SealedVersion) -> String {
        nodeFolder(node) + version.fileName
    }
    /// Everything by which a coordinator is made anew, sealed.
    public var coordinatorSecrets: String { ours("coordinator.cms") }
    /// Certificates of the cluster's authorities, old ones too, and those by which one has endorsed the next.
    public var authorities: String { ours("authorities/") }
    /// - Parameter fingerprint: SHA-256 of the DER, hexadecimal, lower case.
    public func authority(_ fingerprint: String) -> String { "\(authorities)\(fingerprint).pem" }
    /// Which authority takes the place of one: an `AuthorityClaim`.
    /// - Parameter old: fingerprint of its key, hexadecimal, lower case.
    public func authorityClaim(_ old: String) -> String { ours("successions/\(old).json") }
    /// Certificates of recovery keys.
    public var recovery: String { ours("recovery/") }
    /// - Parameter fingerprint: SHA-256 of the DER, hexadecimal, lower case.
    public func recoveryCertificate(_ fingerprint: String) -> String { "\(recovery)\(fingerprint).pem" }
    /// How fast the node's last restore went: a `MeasuredRestore`.
    public func measuredRestore(node: String) -> String { "\(nodeFolder(node))restored.json" }

    /// What a self-backup's volumes must begin with: `PREFIX/<node>/<configuration>/`.
    public func volumes(node: String, configuration: String) -> String { under("\(node)/\(configuration)/") }

    /// Where everything of a node lies: `PREFIX/<node>/`.
    public func node(_ name: String) -> String { under("\(name)/") }

    private func ours(_ rest: String) -> String { under("\(Self.reservedName)/\(rest)") }

    private func under(_ rest: String) -> String { prefix.isEmpty ? rest : "\(prefix)/\(rest)" }
}
