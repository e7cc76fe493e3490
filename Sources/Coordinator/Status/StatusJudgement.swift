// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import HiddenCharacters

/// What is wrong, and what to do about it: pure.
enum StatusJudgement {
    /// Beyond this, logs of different nodes can no longer be compared, and S3 is a quarter of an hour from refusing.
    static let greatestClockOffset: Double = 60

    static func of(
        _ row: StatusReport.Node, faults: [WireError], authority: AuthoritySummary? = nil,
        bucketAnswered: Bool,
        now: Date
    ) -> [Finding] {
        guard let status = row.status else {
            let silence = [Finding(.problem, node: row.node, "the agent does not answer")]
            return (faults.isEmpty ? silence : faults.map { Finding($0, node: row.node) })
                + (bucketAnswered ? selfBackup(of: row) : [])
        }
        return agent(status, row)
            + CertificateJudgement.of(status, node: row.node, authority: authority, now: now)
            + clocks(status, row) + leads(status, now: now)
            + status.configurations.flatMap { configuration($0, node: row.node) }
            + (bucketAnswered ? selfBackup(of: row) : [])
    }

    /// Configurations that the node was asked about, and of which its answer has nothing: that is no good word of them.
    static func unsaid(_ row: StatusReport.Node, asked: [String]) -> [Finding] {
        guard let status = row.status else { return [] }
        return asked.filter { name in !status.configurations.contains { $0.name == name } }.map { name in
            Finding(
                .problem, node: row.node, configuration: name, "the agent's answer says nothing of it",
                fix: "look at amfleetd's log on the node.")
        }
    }

    /// - Parameter exposed: files with keys or credentials that everybody on this machine may read.
    static func ofCoordinator(storeClockOffset: Double?, exposed: [String] = []) -> [Finding] {
        var findings = exposure(exposed, node: nil)
        if let offset = storeClockOffset, abs(offset) > greatestClockOffset {
            findings.append(
                Finding(
                    .problem, "this machine's clock is \(seconds(-offset)) the store's",
                    fix: "start chronyd or systemd-timesyncd on this machine."))
        }
        return findings
    }

    static func of(_ set: StatusReport.NewestSet?, isKnown: Bool) -> [Finding] {
        guard isKnown else { return [] }
        guard let set else {
            return [
                Finding(
                    .problem, "no run in the bucket has ended yet", fix: "make one with 'amfleet backup'.")
            ]
        }
        guard set.restorableNodes < set.totalNodes else { return [] }
        return zip(set.reasons, set.fixes).map { reason, fix in
            Finding(.problem, "run \(set.run), \(reason)", fix: fix)
        }
    }

    /// Runs that are newer than the set and that nobody has judged: whoever made them is gone, or works without a lease.
    ///
    /// - Parameter jobs: what runs on which node, by its own word: where that is the node's part of the run, it is waited for.
    static func unfinished(
        _ runs: [BucketFacts.UnfinishedRun], jobs: [(node: String, id: String)]
    ) -> [Finding] {
        runs.map { unfinished in
            let run = unfinished.run
            let isAtWork = jobs.contains { $0.id == JobID.backup(run, node: $0.node) }
            return Finding(
                isAtWork ? .remark : .problem,
                "run \(run) was not finished: "
                    + (unfinished.isLeased
                        ? "its coordinator is gone, and nobody has judged it"
                        : "it has no lease to tell whether its coordinator lives")
                    + (isAtWork ? "; a node still works on it" : ""),
                fix: unfinished.isLeased
                    ? "'\(unfinished.command)' does, or the next 'amfleet backup' once no node works on it."
                    : "if no 'amfleet' works on it any more, '\(unfinished.command)' brings it to its end."
            )
        }
    }

    /// Every disk whose newest dump is not believed to hold it.
    static func of(_ suspects: [BucketFacts.Suspect], node: String) -> [Finding] {
        suspects.map { suspect in
            let error = WireError(
                suspect: suspect.dump, of: suspect.configuration, run: suspect.run, node: node)
            var finding = Finding(error, node: node, configuration: suspect.configuration)
            finding.what =
                "\(suspect.dump.disk): run \(suspect.run) is suspect: "
                + (suspect.dump.suspect?.text ?? "no reason is given")
            return finding
        }
    }

    /// Every configuration of `cluster.json` that the node has, and that no run has dumped: the newest set knows nothing of it.
    ///
    /// What was dumped longer ago than the newest runs, or by stock Amanda, is in the node's catalog. A node that is in no run at
    /// all, and a missing self-backup, have findings of their own.
    static func neverDumped(_ row: StatusReport.Node, _ facts: BucketFacts) -> [Finding] {
        let undumped = facts.nodes[row.node]?.undumped ?? []
        guard row.lastRun != nil, !facts.hasUnreadRuns, let status = row.status else { return [] }
        return status.configurations.filter { configuration in
            configuration.role == .data && configuration.faults.isEmpty
                && undumped.contains(configuration.name)
                && (configuration.newestRun.map { facts.areAllRecent && facts.recentRuns.contains($0) }
                    ?? true)
        }.map { configuration in
            Finding(
                .problem, node: row.node, configuration: configuration.name,
                facts.areAllRecent
                    ? "it has never been backed up"
                    : "its catalog knows no dump of it, and the newest \(BucketFacts.step) runs have none",
                fix: "'amfleet backup' makes one.")
        }
    }

    private static func exposure(_ paths: [String], node: String?) -> [Finding] {
        paths.map { path in
            let command = "chmod o-rwx \(path.shellQuoted)"
            return Finding(
                .problem, node: node,
                "every user of the machine may read '\(path)', which holds a key or credentials",
                fix: "\(command), and change what stands in it if anybody may have read it.")
        }
    }

    private static func agent(_ status: NodeStatus, _ row: StatusReport.Node) -> [Finding] {
        var findings: [Finding] = []
        func problem(_ what: String, fix: String?) {
            findings.append(Finding(.problem, node: row.node, what, fix: fix))
        }
        if !status.isRoot {
            problem(
                "the agent does not run as root: it cannot read and restore every file",
                fix: "run amfleetd as root.")
        }
        if let error = status.tarError {
            problem("GNU tar could not be run: \(error.message)", fix: error.hint)
        } else if status.tarVersion == nil {
            problem("GNU tar is not installed", fix: "apt-get install tar.")
        }
        findings += exposure(status.exposedFiles ?? [], node: row.node)
        if let error = status.storageError { problem("its store: \(error.message)", fix: error.hint) }
        if let error = status.stateError {
            problem("it can take no job: \(error.message)", fix: error.hint)
        }
        if status.version != AmfleetVersion.current {
            findings.append(
                Finding(
                    .remark, node: row.node,
                    "runs amfleetd \(status.version), this is amfleet \(AmfleetVersion.current)"))
        }
        if let job = status.runningJob {
            findings.append(Finding(.remark, node: row.node, "job '\(job)' is running"))
        }
        return findings
    }

    private static func clocks(_ status: NodeStatus, _ row: StatusReport.Node) -> [Finding] {
        let offsets = [
            ("the store's", status.storageClockOffsetSeconds), ("the coordinator's", row.clockOffsetSeconds),
        ]
        return offsets.compactMap { whose, offset in
            guard let offset, abs(offset) > greatestClockOffset else { return nil }
            return Finding(
                .problem, node: row.node, "its clock is \(seconds(offset)) \(whose)",
                fix: "start chronyd or systemd-timesyncd on the node.")
        }
    }

    private static func leads(_ status: NodeStatus, now: Date) -> [Finding] {
        status.configurations.compactMap { configuration in
            configuration.lead(over: RunNaming.latest(at: LocalTime(now))).map {
                Finding($0, node: status.node, configuration: configuration.name)
            }
        }
    }

    /// `73 s ahead of`, `73 s behind`.
    private static func seconds(_ offset: Double) -> String {
        "\(Quantity.duration(seconds: abs(offset))) \(offset < 0 ? "behind" : "ahead of")"
    }

    private static func configuration(_ configuration: ConfigurationStatus, node: String) -> [Finding] {
        func finding(_ weight: Finding.Weight, _ what: String, fix: String? = nil) -> Finding {
            Finding(weight, node: node, configuration: configuration.name, what, fix: fix)
        }
        var findings: [Finding] = []
        findings += (configuration.faults + (configuration.diskErrors ?? [])).map {
            Finding($0, node: node, configuration: configuration.name)
        }
        findings += (configuration.restoreErrors ?? []).map {
            finding(.problem, "a restore would refuse it: \($0.message)", fix: $0.hint)
        }
        findings += configuration.outsideSelfBackup.map { path in
            finding(
                .problem, "'\(path)' lies outside every disk of the self-backup",
                fix: "add its directory to the self-backup's disklist, or move it inside.")
        }
        findings += (configuration.selfBackupHoles ?? []).map { hole in
            finding(
                .problem, hole.selfBackupText,
                fix: "add it to the self-backup's disklist as a disk of its own.")
        }
        findings += configuration.secretsReadable.map { secret in
            finding(
                .remark, "whoever reads the bucket can read \(secret)",
                fix: "confine who may read the bucket.")
        }
        findings += held(configuration, node: node)
        findings += (configuration.unknownVolumes ?? []).map { remark in
            finding(.problem, remark.description, fix: remark.hint)
        }
        findings += configuration.allRemarks.map {
            Finding($0, node: node, configuration: configuration.name)
        }
        return findings
    }

    /// What has not left the node is not safe, and what is not whole never leaves it.
    private static func held(_ configuration: ConfigurationStatus, node: String) -> [Finding] {
        let flush =
            configuration.flushesByItself == true
            ? "'amfleet flush' sends it now, else the next 'amfleet backup' does."
            : "run 'amfleet flush', or write autoflush yes in its amanda.conf."
        return (configuration.held ?? []).map { dump in
            let name = "\(dump.host) \(dump.disk) level \(dump.level)"
            let size = Quantity.bytes(dump.storedBytes)
            guard let fault = dump.fault else {
                return Finding(
                    .problem, node: node, configuration: configuration.name,
                    "\(name) (\(size)) is held on the node since \(LocalTime(dump.run).text), not in the bucket",
                    fix: flush)
            }
            return Finding(
                .remark, node: node, configuration: configuration.name,
                "\(name) (\(size)), held since \(LocalTime(dump.run).text), is not whole: \(fault)",
                fix:
                    "remove it with 'amadmin \(configuration.name.shellWord) holding delete' if nothing of it is wanted."
            )
        }
    }

    private static func selfBackup(of row: StatusReport.Node) -> [Finding] {
        let fix = "make one with 'amfleet backup': without it an empty machine cannot become this node."
        func problem(_ what: String, fix: String) -> Finding {
            Finding(.problem, node: row.node, what, fix: fix)
        }
        if let reason = row.selfBackupUnknown {
            let which =
                row.selfBackup == nil
                ? "a self-backup of it" : "a newer self-backup of it than run \(row.selfBackup?.digits ?? "")"
            return [
                problem(
                    "whether \(which) is in the bucket is unknown: \(reason)",
                    fix: "ask again when it can be looked at; 'amfleet backup' makes a new one.")
            ]
        }
        guard row.selfBackup != nil else {
            if let lost = row.selfBackupLost {
                return [problem("no self-backup of it can be had back: \(lost)", fix: fix)]
            }
            guard let searched = row.searchedRuns else {
                return [problem("no self-backup of it is in the bucket", fix: fix)]
            }
            return [
                problem(
                    "no self-backup of it was found in the newest \(searched) runs; older ones were not looked at",
                    fix: fix)
            ]
        }
        if let lost = row.selfBackupLost, let run = row.selfBackup {
            return [
                problem(
                    "its newest self-backup that can be had back is that of run \(run): \(lost)", fix: fix)
            ]
        }
        // A backup that is under way makes it last.
        guard row.selfBackupIsNewest == false, row.status?.runningJob == nil else { return [] }
        return [
            problem(
                "its self-backup is older than its newest data run",
                fix: "run 'amfleet backup', which makes the self-backup last.")
        ]
    }
}
