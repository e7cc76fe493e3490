// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import S3

/// Why a command as a whole cannot start or go on. A node that fails is an outcome of the run, never one of these.
public enum CoordinatorError: Fault, Equatable {
    // What the operator wrote.
    case clusterFileMissing(looked: [String])
    case noNodes(file: String)
    case unknownNode(String, nearest: String?)
    case unknownConfiguration(String, nearest: String?)
    case unusableName(what: String, fault: String)
    case unusableRun(String)
    case alreadyThere(path: String)
    case nodeKnown(String, file: String)
    case unreadable(path: String, reason: FaultText)
    /// A node of the run that `cluster.json` no longer names.
    case nodesGone([String], run: RunName)
    case nodesMisconfigured([WireError])
    /// A name lies further ahead of this clock than time zones explain.
    case runsInTheFuture(newest: String, now: String)
    /// This clock is ahead of most others that were heard, of the least of them by so much.
    case clockAhead(seconds: Double, clocks: Int)

    // Who may.
    /// The coordinator's own certificate, key or authority.
    case ownCertificate(path: String, reason: FaultText)
    /// The file with the lists of revoked certificates.
    case revocationsDamaged(path: String, reason: FaultText)
    /// Nothing that is known has this name, or this serial's shape.
    case nothingToRevoke(String, nearest: String?)
    /// The coordinator's own certificate, by which it would revoke.
    case revokesItself(serial: String)
    /// The cluster's authority: nobody looks for it on a list.
    case revokesAuthority(serial: String)
    case agentsRefused([WireError])
    /// The authority's key is not where it should be.
    case authorityKeyMissing(path: String)

    // The store.
    case storage(WireError)
    case noConditionalWrites(store: String, ConditionFault = .ignored)
    case foreignPrefix(prefix: String, owner: String, isNamesake: Bool)

    // Somebody else.
    /// Another coordinator replaces the authority, or has.
    case authorityClaimed(AuthorityClaim)
    case leaseHeld(Lease)
    case leaseLost(to: String)
    case jobsRunning([WireError])
    /// No node can take part, and each has a reason of its own.
    case noNodeFit([WireError])
    /// The operator no longer looks on; the run is none of this command's.
    case watchEnded(RunName)

    // The runs there are.
    case noRuns
    case unknownRun(RunName, newest: RunName?)
    case noRestorableRun(reason: String)
    /// Whether the newest run can be had is not known, and an older one is not taken unasked.
    case unknownSet(RunName, reason: String)
    case runRunning(RunName)
    /// Nothing is left of the run but its line in the history.
    case runOverwritten(HistoryLine)
    /// There is no such run, as far as its year's history could be read.
    case historyUnread(RunName, reason: String)
    case manifestChanged(RunName)
    /// Nothing is left of it.
    case nothingToPin(RunName, reason: String)
    case pinsChanged
    case historyChanged
    /// A run gets no name: others had each one first.
    case runNamesTaken(count: Int, from: RunName)
    /// A flush has nothing to do.
    case nothingHeld(nodes: [String])
    /// There is nothing to accept.
    case nothingSuspect(facts: String, run: RunName)
    /// The disk is of several configurations.
    case severalSuspects(disk: String, configurations: [String])

    public var ending: CommandEnding {
        switch self {
        case .clusterFileMissing, .noNodes, .unknownNode, .unknownConfiguration, .unusableName, .unusableRun,
            .alreadyThere, .authorityKeyMissing, .nodeKnown, .unreadable, .nodesGone, .nodesMisconfigured,
            .runsInTheFuture, .clockAhead,
            .unknownRun, .foreignPrefix, .revocationsDamaged, .nothingToRevoke, .revokesItself,
            .revokesAuthority,
            .nothingHeld, .nothingSuspect, .severalSuspects:
            .unusable
        case .agentsRefused, .ownCertificate: .unauthenticated
        case .storage, .noConditionalWrites: .storage
        case .leaseHeld, .jobsRunning, .runRunning, .authorityClaimed: .busy
        case .watchEnded: .cancelled
        case .leaseLost, .noRuns, .noRestorableRun, .manifestChanged, .unknownSet, .nothingToPin,
            .pinsChanged, .historyChanged, .runNamesTaken, .runOverwritten, .historyUnread,
            .noNodeFit:
            .failed
        }
    }
}
