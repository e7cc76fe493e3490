// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import S3

extension CoordinatorError {
    public var kind: FaultKind { ending.faultKind }

    /// Those that nodes or the store have told keep their own words and places.
    public var faults: [any Fault] {
        switch self {
        case .nodesMisconfigured(let errors):
            advised(errors, "correct it on the node; 'amfleet status' checks it.")
        case .agentsRefused(let errors): errors
        case .noNodeFit(let errors): errors
        case .jobsRunning(let errors):
            advised(errors, "'amfleet watch' follows it, 'amfleet cancel' ends it.")
        case .storage(let error): [error]
        default: [self]
        }
    }

    public var facts: String {
        switch self {
        case .clusterFileMissing(let looked):
            "no cluster.json: looked for \(looked.joined(separator: ", then "))"
        case .noNodes(let file): "\(file) names no node"
        case .unknownNode(let name, _): "no node '\(name)' in cluster.json"
        case .unknownConfiguration(let name, _): "no configuration '\(name)' in cluster.json"
        case .unusableName(let what, let fault): "\(what) \(fault)"
        case .unusableRun(let text): "'\(text)' is no run: a run's name has 14 digits, YYYYMMDDhhmmss"
        case .alreadyThere(let path): "\(path) exists already"
        case .nodeKnown(let name, let file): "node '\(name)' is in \(file) already"
        case .unreadable(let path, let reason): "\(path) cannot be used: \(reason.facts)"
        case .nodesGone(let names, let run):
            "run \(run) has nodes that cluster.json does not name: \(names.joined(separator: ", "))"
        case .nodesMisconfigured(let errors), .agentsRefused(let errors), .jobsRunning(let errors),
            .noNodeFit(let errors):
            errors.first?.headline ?? "no node says why"
        case .authorityKeyMissing(let path): "the key of the cluster's authority is not at \(path)"
        case .ownCertificate(let path, let reason): "\(path) is no usable certificate: \(reason.facts)"
        case .revocationsDamaged(let path, let reason):
            "'\(path)', the lists of revoked certificates, cannot be read: \(reason.facts)"
        case .nothingToRevoke(let who, _):
            "no certificate of '\(who)' is known here, and it is no serial"
        case .revokesItself(let serial):
            "the certificate with serial \(serial) is the one that this coordinator itself uses"
        case .revokesAuthority(let serial):
            "the certificate with serial \(serial) is the cluster's authority: no list takes that back"
        case .runsInTheFuture(let newest, let now):
            "the newest run is \(newest), but this machine's clock says \(now)"
        case .clockAhead(let seconds, let clocks):
            "this machine's clock is \(Quantity.duration(seconds: seconds)) or more ahead of \(Quantity.count(clocks, "other clock")), those of "
                + "the nodes and of the store: the catalogs could take no run until that time has come"
        case .storage(let error): error.headline
        case .noConditionalWrites(let store, let fault):
            "\(store) \(fault.text): two coordinators could not see each other"
        case .foreignPrefix(let prefix, let owner, let isNamesake):
            "prefix '\(prefix)' belongs to \(isNamesake ? "another cluster of the same name, " : "cluster ")'\(owner)'"
        case .authorityClaimed(let claim):
            "\(claim.holder) has made another authority (\(claim.next)) for the place of this machine's, "
                + "\(LocalTime(claim.begunAt).text)"
        case .leaseHeld(let lease):
            "\(lease.holder) holds the cluster: \(lease.purpose), since \(LocalTime(lease.acquiredAt).text)"
        case .leaseLost(let holder):
            "lost the cluster's lease to \(holder) in mid-run: nothing new was started"
        case .watchEnded(let run): "no longer watching; run \(run) goes on"
        case .noRuns: "no run in the bucket yet"
        case .unknownRun(let run, _): "no run \(run) in the bucket"
        case .noRestorableRun(let reason): reason
        case .unknownSet(let run, let reason):
            "whether run \(run), the newest that is complete, can be had is unknown: \(reason)"
        case .runRunning(let run): "run \(run) is still running"
        case .runOverwritten(let line):
            "run \(line.run) is history: every volume of it has been overwritten, and its records are gone"
        case .historyUnread(let run, let reason):
            "run \(run) is not in the bucket, and whether the history has it is unknown: \(reason)"
        case .manifestChanged(let run): "the manifest of run \(run) was changed by somebody else meanwhile"
        case .nothingSuspect(let facts, _): facts
        case .severalSuspects(let disk, let names):
            "'\(disk)' is suspect in several configurations: \(names.joined(separator: ", "))"
        case .nothingToPin(let run, let reason): "nothing of run \(run) is left to pin: \(reason)"
        case .historyChanged: "the history of runs was changed by somebody else meanwhile"
        case .pinsChanged: "the list of pinned runs was changed by somebody else meanwhile"
        case .runNamesTaken(let count, let first):
            "this run could have none of \(count) names, from \(first) on: each had a manifest already"
        case .nothingHeld(let nodes):
            "nothing to flush: no dump that was asked for is held on \(nodes.joined(separator: ", "))"
        }
    }

    public var hint: String? {
        switch self {
        case .clusterFileMissing: "name it with --cluster, or make one with 'amfleet init'."
        case .noNodes: "add one with 'amfleet node add NAME HOST:PORT'."
        case .unknownNode(_, let nearest?), .unknownConfiguration(_, let nearest?):
            "did you mean '\(nearest)'?"
        case .unknownNode: "'amfleet node list' shows them all."
        case .unknownConfiguration: "'configurations' in cluster.json names them."
        case .unusableRun: "'amfleet list' shows them all."
        case .alreadyThere: "take it away first, if it is no longer needed."
        case .nodeKnown(let name, _):
            "'amfleet node replace \(name) HOST:PORT' gives its name to another machine; to begin anew, 'amfleet node remove \(name)' first."
        case .nodesGone: "add them with 'amfleet node add'; without them 'amfleet backup' makes a new run."
        case .authorityKeyMissing: "name where it is kept with --authority-key FILE."
        case .unreadable(_, let reason): reason.hint
        case .ownCertificate(_, let reason):
            reason.hint
                ?? "see that this machine's clock is right; 'amfleet coordinator renew' issues a new one where the authority's key is at hand; else check 'tls' in cluster.json, and that you may read what it names."
        case .revocationsDamaged(let path, let reason):
            reason.hint
                ?? "take '\(path)' away: the nodes that have the lists give them back with the next contact, 'amfleet status' for instance."
        case .nothingToRevoke(_, let nearest?): "did you mean '\(nearest)'?"
        case .nothingToRevoke:
            "give its serial instead: 'openssl x509 -noout -serial -in FILE' tells that of a certificate."
        case .revokesItself:
            "'amfleet coordinator renew' gives the coordinator a new one; then run this again."
        case .revokesAuthority:
            "'amfleet authority renew' has a new one take its place, and with it every certificate's."
        case .runsInTheFuture:
            "set the clock of whichever machine is wrong; Amanda sorts volumes by these names."
        case .clockAhead:
            "set this machine's clock ('timedatectl' shows it); 'amfleet status' compares it with the others."
        case .noConditionalWrites(_, let fault):
            "say --no-lease if nobody else can start a run; otherwise \(fault.remedy)"
        case .foreignPrefix(_, _, isNamesake: true):
            "if this is that cluster, its authority renewed: write the \"clusterID\" of the bucket's _amfleet/cluster.json into cluster.json, or "
                + "put the old ca.pem's certificate behind the new one in ca.pem. If its coordinator was lost: 'amfleet recover' brings it back with the recovery kit; without one put the ca.pem and ca.key of its first 'amfleet init' (every node has that ca.pem in /etc/amfleet) "
                + "into an empty directory, run the same 'amfleet init' there, then 'amfleet node add' for each node; without ca.key see "
                + "Docs/OPERATIONS.md, 'A lost coordinator'. Another 'storage.prefix' finds none of its backups."
        case .foreignPrefix(_, let owner, isNamesake: false):
            "use the cluster.json of '\(owner)'; a cluster that has no backup there yet takes another 'storage.prefix'."
        case .authorityClaimed:
            "bring that one to its end where it was made, and go on there: two coordinators of one cluster undo each other's changes. "
                + "If that machine is lost, 'amfleet recover' brings back what it has sealed; if nothing of it is left and the nodes still "
                + "answer this one: 'amfleet authority renew --take-over'."
        case .leaseHeld(let lease):
            "'amfleet watch' follows it; without renewal its lease ends at \(LocalTime(lease.expiresAt).text)."
        case .leaseLost: "'amfleet watch' follows what runs now."
        case .runRunning, .watchEnded: "'amfleet watch' joins it, 'amfleet cancel' ends it."
        case .noRuns: "make one with 'amfleet backup'."
        case .unknownRun(_, let newest?): "the newest is \(newest)."
        case .unknownRun: "'amfleet list' shows them all."
        case .noRestorableRun: "'amfleet list' shows every run; restore a partial one with --run."
        case .unknownSet: "run it again when it can be looked at, or name the run that you want with --run."
        case .manifestChanged(let run): "'amfleet show \(run)' says what it is now."
        case .runOverwritten(let line): "'amfleet show \(line.run)' says what is known of it."
        case .nothingSuspect(_, let run): "'amfleet show \(run)' names every suspect dump of the run."
        case .severalSuspects: "name one with --configuration."
        case .nothingToPin: "'amfleet list' shows which runs are left."
        case .historyUnread: Self.unreadHistoryHint
        case .pinsChanged, .historyChanged: "run it again."
        case .runNamesTaken: "'amfleet list' shows the runs that have them."
        case .nothingHeld: "'amfleet status' names every dump that is held."
        case .nodesMisconfigured, .agentsRefused, .jobsRunning, .noNodeFit, .storage: faults.first?.hint
        case .unusableName: nil
        }
    }

    /// What to do about lines of the history that cannot be read.
    static let unreadHistoryHint =
        "put the line right in the object, or take it out of it: no command of amfleet changes it."

    /// The last of several says what mends them all, unless they say themselves what to do.
    private func advised(_ errors: [WireError], _ advice: String) -> [WireError] {
        guard errors.allSatisfy({ $0.hint == nil }), var last = errors.last else { return errors }
        last.hint = advice
        return errors.dropLast() + [last]
    }
}

extension CommandEnding {
    /// The nearest kind that crosses the wire.
    fileprivate var faultKind: FaultKind {
        switch self {
        case .unusable: .configuration
        case .unauthenticated: .authentication
        case .storage: .storageRefused
        case .busy: .busy
        case .cancelled: .cancelled
        case .complete, .failed, .partial, .held, .suspect, .problem: .failed
        }
    }
}
