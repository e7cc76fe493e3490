// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Which of an agent's words about a job are taken for that job's.
enum JobClaim {
    /// How many attempts a node may be ahead of what this coordinator knows: others may have begun some since it looked. More are no
    /// job of ours, and a number that grew without end could not be written down one day.
    static let greatestLead = 100

    /// The attempt that counts after a node has named one.
    static func attempt(_ claimed: Int, after known: Int) -> Int {
        claimed > known && claimed - known <= greatestLead ? claimed : known
    }

    /// How long an id may be, in bytes.
    private static let longestID = 256

    /// Whether a job can be called so: ids are made of names of nodes, runs and hexadecimal digits. One that an agent names goes into
    /// a path.
    static func isPossible(_ id: String) -> Bool {
        (1...longestID).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// A name as it stands in a sentence, which goes into manifests: no more of it than a job's can have.
    static func told(_ name: String) -> String {
        String(decoding: name.utf8.prefix(longestID), as: UTF8.self)
    }

    /// Why a snapshot is not of the job that was asked for; nil: it is.
    ///
    /// - Parameters:
    ///   - request: nil: only the id is known.
    static func fault(
        _ snapshot: JobSnapshot, id: String, _ request: JobRequest? = nil, node: String
    ) -> WireError? {
        func other(_ what: String) -> WireError {
            WireError(
                .failed, node: node, "asked for job '\(id)', the agent answered \(what)",
                hint: "look at amfleetd's log on the node, and that no other program answers at its address.")
        }
        guard snapshot.id == id else { return other("for job '\(told(snapshot.id))'") }
        guard let request else { return nil }
        guard snapshot.run == request.run else { return other("for run \(snapshot.run)") }
        guard snapshot.kind == request.order.kind else {
            return other("with \(snapshot.kind.text(of: snapshot.run))")
        }
        guard snapshot.attempt <= request.attempt + greatestLead else {
            return other("for attempt \(snapshot.attempt), when attempt \(request.attempt) was asked for")
        }
        return nil
    }
}
