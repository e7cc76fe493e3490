// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import TestSupport

/// Something that is wrong with one node of three, and what is said of it.
struct NodeTrouble: Sendable, CustomStringConvertible {
    let description: String
    /// What the reason must hold.
    let texts: [String]
    /// Brings it about.
    let begin: @Sendable (ThreeNights) async throws -> Begun

    struct Begun: Sendable {
        /// The cluster file that night; nil: the usual one.
        var file: String?
        let mend: @Sendable () async throws -> Void
    }

    static let all: [NodeTrouble] = [
        typo, certificate, hung, busy, ahead, numbers, offset, heartbeats, notes, names,
    ]
    /// Of each kind one: what the node has, what it does not do, what it says.
    static let sample = [typo, heartbeats, names]

    private static let typo = NodeTrouble(
        description: "a typo in the disklist", texts: ["disklist:1", "archvie"]
    ) { made in
        let path = "\(made.node.directory(of: "vertica"))/disklist"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try await script("sed -i 's/archive/archvie/' \"$1\"", [path])
        return Begun {
            try write(text, to: path, mode: 0o600)
            try await script("chown backup:backup \"$1\"", [path])
        }
    }

    private static let certificate = NodeTrouble(
        description: "an expired certificate", texts: ["certificate", "expired"]
    ) { made in
        let (folder, name) = ("\(made.node.directory)/agent", made.node.name)
        let authority = try TestAuthority(
            of: made.cluster.coordinatorDirectory, directory: "\(made.cluster.directory)/expired")
        let expired = try authority.write(
            .node(name), validity: CertificateValidity(notBefore: 1_500_000_000, notAfter: 1_600_000_000))
        try await script(
            "cp \"$1.pem\" \"$1.key\" \"$2\"; cp \"$3\" \"$1.pem\"; cp \"$4\" \"$1.key\"",
            [
                "\(folder)/\(name)", made.cluster.directory, expired.certificate, expired.privateKey,
            ])
        try await made.eventually("the agent shows it") {
            try await made.cluster.amfleet(["status"]).text.contains("expired")
        }
        return Begun {
            try await script(
                "cp \"$2/$3.pem\" \"$2/$3.key\" \"$1\"", [folder, made.cluster.directory, name])
            try await made.eventually("the agent shows its own") { try await made.isFit() }
        }
    }

    private static let hung = NodeTrouble(
        description: "a disk that hangs", texts: ["/hung' is left out: '"]
    ) { made in
        try await made.mount.hang()
        return Begun {
            try await made.mount.answer()
            try await made.eventually("nobody waits for the disk") { try await made.isFit() }
        }
    }

    private static let busy = told("busy", texts: ["busy: job 'restore-20260101000000'"]) { question in
        guard question.isForStatus else { return .real }
        return .changed { status, body in
            changed(status, body) { $0["runningJob"] = "restore-20260101000000" }
        }
    }

    private static let ahead = told("a clock two years ahead", texts: ["ahead"]) { question in
        guard question.isForStatus else { return .real }
        let year = Calendar(identifier: .gregorian).component(.year, from: Date()) + 2
        return .changed { status, body in
            changed(status, body) { object in
                object["time"] = "\(year)-01-02T03:04:05Z"
                let configurations = object["configurations"] as? [[String: Any]] ?? []
                object["configurations"] = configurations.map {
                    $0.merging(["newestRun": "\(year)0101000000"]) { $1 }
                }
            }
        }
    }

    /// Its job is nobody's: where the node itself backed up meanwhile, its record in the bucket would prove it complete.
    private static let numbers = NodeTrouble(
        description: "absurd numbers", texts: ["9223372036854775807"]
    ) { made in
        let job = EndlessJob(.onlyHeartbeats)
        let agent = try await made.cluster.misbehave(made.node) { question in
            guard case .bytes(let status, let body, _) = await job.answer(question) else { return .real }
            let absurd = String(decoding: body, as: UTF8.self)
                .replacing(/"(dumpedBytes|storedBytes|finishedDisks)" *: *[0-9]+/) {
                    "\"\($0.output.1)\":9223372036854775807"
                }
            return .text(status, absurd)
        }
        return Begun {
            await agent.stop()
            try made.cluster.behave(made.node)
        }
    }

    private static let offset = told(
        "an absurd clock", texts: ["storageClockOffsetSeconds", "out of range"]
    ) { question in
        guard question.isForStatus else { return .real }
        return .changed { status, body in
            changed(status, body) { $0["storageClockOffsetSeconds"] = 1e300 }
        }
    }

    /// The job is there, it runs, and there is nothing else to say of it: until it is cancelled.
    private static let heartbeats = endless(
        "heartbeats without end", .onlyHeartbeats, texts: ["no byte, no event and no new state for 20 s"])

    /// Each note is cut where it is read, so that it is not the bytes that end it.
    private static let notes = endless("200 MB of notes", .flooding, texts: ["its job was cancelled"])

    private static func endless(
        _ description: String, _ habit: EndlessJob.Habit, texts: [String]
    ) -> NodeTrouble {
        NodeTrouble(description: description, texts: texts) { made in
            let job = EndlessJob(habit)
            let agent = try await made.cluster.misbehave(made.node) { await job.answer($0) }
            let file = try made.cluster.clusterFile("tight") { $0.set("limits", "stalled", to: "20s") }
            return Begun(file: file) {
                await agent.stop()
                try made.cluster.behave(made.node)
            }
        }
    }

    private static let names = told(
        "a hostile name", texts: ["configuration 've", "rtica' is mine"]
    ) { question in
        guard question.isSubmission else { return .real }
        // The terminal's title, its screen, a C1 control, text from right to left, and a line that looks like ours.
        let message =
            "configuration 've\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202ertica' is mine\\nnode01: complete"
        return .text(
            422,
            "{\"kind\":\"configuration\",\"node\":\"node01\",\"message\":\"\(message)\",\"hint\":\"\\u001b[1m\"}"
        )
    }

    /// An agent that says something else than its own.
    private static func told(
        _ description: String, texts: [String],
        _ answer: @escaping @Sendable (AgentQuestion) async -> AgentAnswer
    ) -> NodeTrouble {
        NodeTrouble(description: description, texts: texts) { made in
            let agent = try await made.cluster.misbehave(made.node, answer)
            return Begun {
                await agent.stop()
                try made.cluster.behave(made.node)
            }
        }
    }

    @Sendable private static func changed(
        _ status: Int?, _ body: [UInt8], _ change: (inout [String: Any]) -> Void
    ) -> (status: Int, body: [UInt8]) {
        guard let status, var object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        else { return (503, []) }
        change(&object)
        return (status, (try? JSONSerialization.data(withJSONObject: object)).map { Array($0) } ?? [])
    }
}

extension ThreeNights {
    /// Whether every node could be backed up now.
    fileprivate func isFit() async throws -> Bool { try await cluster.amfleet(["plan"]).exit == 0 }

    fileprivate func eventually(
        _ what: String, _ condition: () async throws -> Bool
    ) async throws {
        try await EndToEndTests.eventually(within: .seconds(120), what, condition)
    }
}
