// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import FoundationEssentials
import HiddenCharacters

/// What `amfleet recover` has made.
public struct RecoverReport: Sendable, Encodable {
    public struct File: Sendable, Encodable, Equatable {
        public var path: String
        /// false: it was there, and was the same.
        public var isWritten: Bool
    }

    public var cluster: String
    public var clusterID: String?
    public var directory: String
    /// When all this was sealed: what was changed later is not in it.
    public var sealedAt: Date
    public var files: [File]
    /// Where the credentials came from that opened the bucket.
    public var credentials: String
    /// Fingerprint of the authority that has certified who sealed it.
    public var authority: String
    /// The kit names that authority, or one before it.
    public var isPinned: Bool
    public var isSignerRevoked: Bool
    public var nodes: [String]
    /// Where the authority's key is to be put, which was not sealed; nil: it is there.
    public var missingAuthorityKey: String?
    /// What `cluster.json` says otherwise than it was sealed.
    public var changes: [String]
    /// Signs that another coordinator lives.
    public var others: [String]
    /// Where the recovery key was read.
    public var recoveryKey: String
    /// What is not as it should be, and keeps nothing back.
    public var remarks: [String] = []
    /// Why the next commands would not get to the store as `cluster.json` says now.
    public var storeFault: WireError?

    init(
        cluster: String, clusterID: String?, directory: String, sealedAt: Date, written: [File],
        credentials: String, trust: SealedCoordinator.Trust, rebuilt: RebuiltCoordinator, others: [String],
        recoveryKey: String
    ) {
        self.cluster = cluster
        self.clusterID = clusterID
        self.directory = directory
        self.sealedAt = sealedAt
        files = written
        self.credentials = credentials
        (authority, isPinned, isSignerRevoked) = (trust.authority, trust.isPinned, trust.isRevoked)
        nodes = rebuilt.settings.nodes.map(\.name)
        missingAuthorityKey = rebuilt.missingAuthorityKey
        changes = rebuilt.changes
        self.others = others
        self.recoveryKey = recoveryKey
    }
}

extension RecoverReport: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        let (new, same) = (files.filter(\.isWritten), files.filter { !$0.isWritten })
        return [
            "cluster \(ClusterLabel.text(cluster, clusterID)): the coordinator as it was sealed on \(LocalTime(sealedAt).text)",
            "read with the credentials of \(credentials)",
            isPinned
                ? "signed by it under the authority that the recovery kit names, or one that followed from that (\(authority))"
                : "signed under an authority that the key alone cannot prove to be the cluster's: \(authority)",
        ]
            + (isPinned
                ? []
                : [
                    "compare it with 'authority' of the printed sheet, or with a node's: openssl x509 -in /etc/amfleet/ca.pem -outform DER | sha256sum"
                ])
            + (isSignerRevoked ? ["its certificate was taken back since, and is accepted as you said"] : [])
            + section("wrote", new.map(\.path)) + section("there already, and the same", same.map(\.path))
            + (changes.isEmpty
                ? [] : ["cluster.json says otherwise than it was sealed: \(changes.joined(separator: ", "))"])
            + (missingAuthorityKey.map {
                [
                    "not sealed: the authority's key, which is kept elsewhere; bring it to \($0), or name it with --authority-key"
                ]
            } ?? [])
            + remarks + storeLines
            + section("another coordinator may live", others)
            + (others.isEmpty
                ? [] : ["be sure that it has ended: two of one cluster undo each other's changes"])
            + next
    }

    private var storeLines: [String] {
        guard let storeFault else { return [] }
        return ["the next commands would not get to the store as cluster.json has it: \(storeFault.message)"]
            + (storeFault.hint.map { ["hint: \($0)"] } ?? [])
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["\(title):"] + lines.map { "  \($0)" }
    }

    /// Each as it can be typed.
    private var next: [String] {
        let there = directory == "." ? [] : ["  cd \(directory.shellWord)"]
        let key = recoveryKey.shellWord
        let authority = missingAuthorityKey == nil ? "" : " --authority-key FILE"
        return ["next, where the nodes live:"] + there + ["  amfleet status", "  amfleet backup"]
            + ["where their machines are new (in nodes.txt a line for each: NAME ADDRESS):"] + there + [
                "  amfleet node add --from nodes.txt\(authority)",
                "  amfleet restore --dry-run --recovery-key \(key)",
                "  amfleet restore --recovery-key \(key)",
            ] + [
                "where somebody may have the old coordinator's key: amfleet coordinator renew\(authority), then amfleet revoke coordinator\(authority)"
            ]
    }
}
