// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Planning

extension LoggedDump {
    /// What Amanda's catalog keeps of a dump.
    init(_ outcome: DumpOutcome) {
        let status: Status =
            switch outcome.status {
            case .done: .done
            case .strange: .strange
            case .failed(let cause): .failed(reason: WireError(of: cause).message.replacing("\n", with: " "))
            }
        self.init(
            header: outcome.header, parts: outcome.parts, status: status, seconds: outcome.seconds,
            messages: outcome.strange + outcome.notes, indexLinesFile: outcome.indexPath)
    }
}

extension DumpRecord {
    /// How it went, in a line of the event stream.
    var summary: String { outcome + (isSuspect ? "; suspect: \(suspect?.text ?? "")" : "") }

    private var outcome: String {
        switch status {
        case .ok: "done, \(amounts)"
        case .strange: "done with \(Quantity.count(strange.count, "message")), \(amounts)"
        case .failed: "failed: \(error?.message ?? "for no known reason")"
        case .planned: "planned"
        case .skipped: "left out"
        case .held: "held on this node, \(Quantity.bytes(held?.storedBytes ?? 0))"
        }
    }

    /// `66.1 MiB as 25.1 MiB in 4 s`.
    private var amounts: String {
        "\(Quantity.bytes(native.byteCount)) as \(Quantity.bytes(storedBytes)) in "
            + Quantity.duration(seconds: seconds)
    }
}
