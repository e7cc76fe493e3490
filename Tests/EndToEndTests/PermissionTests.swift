// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Each permission of the documented policies taken away in turn: what is said, how it ends, and that nothing is lost.
    @Suite(
        .serialized, .needs(Machine.cluster), .arranged(PermittedRuns.self), .timeLimit(.minutes(10)))
    struct PermissionTests {
        @Test(
            arguments: LongTests.whole(
                MissingPermission.all, or: MissingPermission.few,
                leavingOut:
                    "\(MissingPermission.all.count - MissingPermission.few.count) of \(MissingPermission.all.count) permissions of PermissionTests"
            ))
        func `without it the error names it, and nothing is lost`(missing: MissingPermission) async throws {
            let made = try Arranged.as(PermittedRuns.self)
            try await made.prepare(missing)
            let denied = made.policed.gate.denials.count
            defer { try? made.policed.giveBack() }
            try made.policed.takeAway(missing.permission, from: missing.owner)
            let results = try await made.verbs(without: missing)
            let denials = made.policed.gate.denials.dropFirst(denied)
            try made.policed.giveBack()
            try made.policed.proxy.clear()

            #expect(!denials.isEmpty, "nobody needed \(missing)")
            let documented = try missing.documentedExits()
            var named = false
            for result in results {
                let line = made.line(of: result, naming: missing)
                print(made.row(missing, result.arguments[1], result.exit, line))
                named = named || line != nil
                let exit = documented[result.arguments[1]] ?? "none"
                #expect(exit.isEmpty || exit == "\(result.exit)", "\(missing): \(result)")
            }
            if let line = made.logged(missing) {
                named = true
                print(made.row(missing, "log", nil, line))
            }
            #expect(named, "\(missing): \(results)")
            try await made.expectNothingLost(missing)
        }

        @Test func `a record that must not be read is not taken for none`() async throws {
            let made = try Arranged.as(PermittedRuns.self)
            let etc = "\(made.policed.node.directory)/etc"
            try await script("cp -a \"$1\" \"$1.old\"", [etc])
            let run = try await made.good("backup").run
            try await script("rm -rf \"$1\"; mv \"$1.old\" \"$1\"", [etc])
            let record = try #require(
                MissingPermission.all.first {
                    $0.permission.action == "s3:GetObject" && $0.description.contains("nodes/node01.json")
                })

            defer { try? made.policed.giveBack() }
            try made.policed.takeAway(record.permission, from: record.owner)
            let status = try await made.cluster.amfleet(["status"])
            let backup = try await made.cluster.amfleet(["backup"])
            try made.policed.giveBack()

            let reason = "the node's record of run \(run) could not be read: S3 refused GetObject"
            #expect(status.exit == 7 && status.text.contains(reason), "\(status)")
            #expect(backup.exit == 0 && backup.text.contains(reason), "\(backup)")
            let next = try await made.good("backup")
            #expect(
                next.text.contains("bears run \(run), unknown to the catalog: it is entered now"), "\(next)")
        }
    }
}

/// One permission of one policy.
struct MissingPermission: Sendable, CustomStringConvertible {
    let owner: String
    let permission: Permission

    var description: String { "\(owner): \(permission)" }

    static let all: [MissingPermission] = {
        guard let policies = try? DocumentedPolicies(),
            let node = try? policies.ofNode("node01", archives: true),
            let coordinator = try? policies.ofCoordinator()
        else { return [] }
        let all =
            node.permissions.filter { !$0.isOfNoRun }.map {
                MissingPermission(owner: "node01", permission: $0)
            }
            + coordinator.permissions.map { MissingPermission(owner: "coordinator", permission: $0) }
        // Those of the archive's runs last: the newest run is what a restore takes.
        return all.filter { !$0.isOfArchive } + all.filter(\.isOfArchive)
    }()

    /// What every run needs, and what none does.
    static var few: [MissingPermission] {
        all.filter { $0.owner == "node01" && !$0.isOfArchive }.filter {
            $0.permission.action == "s3:ListBucket"
                || ($0.permission.action == "s3:GetObject" && $0.description.contains("demo/node01/"))
        } + all.filter(\.isOfHistory)
    }

    /// The coordinator's, to remove what is left of overwritten runs.
    var isOfHistory: Bool { owner == "coordinator" && permission.action == "s3:DeleteObject" }

    /// For what a node has sealed.
    var isOfSecrets: Bool { permission.resources.contains { $0.contains("_amfleet/nodes/") } }

    /// As the table of Docs/OPERATIONS.md says, by verb; empty: as it would end with the permission.
    func documentedExits() throws -> [String: String] {
        let resources = permission.resources.map {
            $0.replacingOccurrences(of: "arn:aws:s3:::\(ClusterStore.bucket)/", with: "")
                .replacingOccurrences(of: "arn:aws:s3:::\(ClusterStore.bucket)", with: "BUCKET")
                .replacingOccurrences(of: "node01", with: "NODE")
                .replacingOccurrences(of: "\(TestCluster.prefix)/", with: "PREFIX/")
        }
        let who = owner == "coordinator" ? "coordinator" : "node"
        let start = "| \(who) | `\(permission.action)` | `\(resources.joined(separator: ", "))` |"
        let text = try String(contentsOfFile: "\(Machine.package)/Docs/OPERATIONS.md", encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix(start) }
        guard let row = rows.first, rows.count == 1 else {
            throw CommandError.never("one row \(start)", .zero)
        }
        let cells = row.split(separator: "|", omittingEmptySubsequences: false).dropLast().suffix(3)
        return Dictionary(
            uniqueKeysWithValues: zip(
                ["backup", "status", "restore"], cells.map { $0.filter { $0 != " " } }))
    }
}

/// One node whose runs are complete, and a store that can take any permission away.
struct PermittedRuns: Arrangement {
    let policed: PolicedCluster
    /// `cluster.json` whose data is what goes to the archive.
    let archive: String
    let data: TreeManifest

    var cluster: TestCluster { policed.cluster }

    static func arrange() async throws -> PermittedRuns {
        var frozen = ConfigurationPlan(name: "frozen", blockSize: "5 megabytes", tapecycle: 2)
        frozen.slots = "{01..16}"
        frozen.changerLines = [
            "device-property \"TRANSITION-TO-GLACIER\" \"1\"",
            "device-property \"READ-FROM-GLACIER\" \"YES\"",
        ]
        var vertica = PolicedCluster.vertica
        vertica.slots = "{01..04}"
        let plans = [vertica, frozen]
        let policed = try await PolicedCluster.make(
            .always403, nodes: ["node01"], configurations: plans.map(\.name)
        ) { _ in plans }
        do {
            let archive = try policed.cluster.clusterFile("archive") {
                $0.set("configurations", "data", to: ["frozen"])
            }
            try changeJSON(policed.cluster.clusterFile) {
                $0.set("configurations", "data", to: ["vertica"])
            }
            let made = PermittedRuns(
                policed: policed, archive: archive, data: try await TreeManifest(of: policed.node.data))
            for _ in 0..<4 { try await made.good("backup") }
            return made
        } catch {
            await policed.remove()
            throw error
        }
    }

    func remove() async { await policed.remove() }

    func file(_ missing: MissingPermission) -> String {
        missing.isOfArchive ? archive : cluster.clusterFile
    }

    @discardableResult
    func good(_ arguments: String..., file: String? = nil) async throws -> CommandResult {
        try await cluster.expectSuccess(
            cluster.amfleet(arguments + ["--cluster", file ?? cluster.clusterFile]))
    }

    /// What makes the permission needed where an ordinary run does without.
    func prepare(_ missing: MissingPermission) async throws {
        switch missing.permission.action {
        case "s3:DeleteObject" where missing.isOfHistory:
            // From now on each backup takes the only volume of one of them.
            for _ in 0..<4 { try await good("backup", "--configuration", "vertica") }
        case "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts":
            try policed.proxy.inject(
                .error(status: 400, code: "EntityTooLarge"), method: "PUT", target: "partNumber=")
        case "s3:ListBucketMultipartUploads":
            try policed.proxy.inject(.cutAnswer(after: 0), method: "POST", target: "vertica/slot-0", times: 1)
        case "s3:PutObject" where missing.isOfSecrets:
            // What is sealed already is not sealed again.
            try await script("echo >>\"$1/agent/s3-credentials\"", [policed.node.directory])
        case "s3:RestoreObject":
            try await good("backup", file: archive)
            try policed.proxy.inject(
                .addHeader("x-amz-storage-class: GLACIER"), method: "HEAD", target: "/frozen/slot-",
                times: 999)
        default: break
        }
    }

    func verbs(without missing: MissingPermission) async throws -> [CommandResult] {
        var results: [CommandResult] = []
        for verb in ["backup", "status", "restore"] {
            var arguments = [verb, "--cluster", file(missing)]
            if verb == "restore" {
                arguments += ["--to", "\(cluster.directory)/r-\(UUID().uuidString.prefix(8))"]
            }
            results.append(try await cluster.amfleet(arguments))
        }
        return results
    }

    /// The first line that names the permission and its resource, in an answer that names the node.
    func line(of result: CommandResult, naming missing: MissingPermission) -> String? {
        guard missing.owner == "coordinator" || result.text.contains(missing.owner) else { return nil }
        return missing.line(in: result.text)
    }

    /// Of what the node's log alone has to tell: it changes nothing for the operator.
    func logged(_ missing: MissingPermission) -> String? {
        missing.permission.action == "s3:ListMultipartUploadParts" ? missing.line(in: policed.node.log) : nil
    }

    /// Permission, verb, exit code, what was said, what was lost.
    func row(_ missing: MissingPermission, _ verb: String, _ exit: Int32?, _ line: String?) -> String {
        "| \(missing) | \(verb) | \(exit.map(String.init) ?? "") | \(line ?? "-") | nothing |"
    }

    func expectNothingLost(_ missing: MissingPermission) async throws {
        let configuration = missing.isOfArchive ? "frozen" : "vertica"
        let target = "\(cluster.directory)/after-\(UUID().uuidString.prefix(8))"
        try await good("restore", "--to", target, file: file(missing))
        let restored = try await TreeManifest(of: "\(target)/node01/\(configuration)\(policed.node.data)")
        #expect(data.difference(from: restored) == "", "\(missing)")
        // What could not be aborted is as soon as the agent starts, at the latest.
        if missing.permission.action == "s3:AbortMultipartUpload" {
            try await policed.node.stop()
            try await policed.node.start()
        }
        // One that nobody may find is left to the bucket's own rule, as the run has said.
        if missing.permission.action == "s3:ListBucketMultipartUploads" {
            for upload in try await cluster.store.openUploads() {
                _ = try await cluster.store.aws(
                    "s3api", "abort-multipart-upload", "--bucket", ClusterStore.bucket, "--key", upload.key,
                    "--upload-id", upload.id)
            }
        }
        try await good("backup", file: file(missing))
        try await eventually("no upload is open: \(missing)") {
            try await cluster.store.openUploads().isEmpty
        }
    }
}

extension Permission {
    /// A node's for `amfleetd bootstrap`, and for what it will keep there: neither backup nor restore asks for it.
    var isOfNoRun: Bool {
        resources.contains { $0.contains("_amfleet/authorities/") || $0.contains("_amfleet/offsets/") }
    }
}

extension MissingPermission {
    func line(in text: String) -> String? {
        let places = permission.resources.map { String($0.prefix { $0 != "*" }) }
        return text.split(separator: "\n").map(String.init).first { line in
            line.contains(permission.action) && places.contains { line.contains($0) }
        }
    }

    /// Needed by runs whose volumes go to the archive.
    var isOfArchive: Bool {
        ["s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", "s3:RestoreObject"]
            .contains(permission.action) || permission.resources.contains { $0.contains("lifecycle-") }
    }
}
