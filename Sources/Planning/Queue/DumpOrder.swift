// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// Which dump each dumper prefers: one letter a dumper.
///
/// `s` smallest, `S` largest size; `t` shortest, `T` longest time; `b` lowest, `B` highest bandwidth. Dumpers beyond
/// the end of the text prefer short ones up to the third, long ones after it, as do those with another letter.
/// Source: amanda.conf(5), `dumporder`; Amanda 3.5.1 `server-src/driver.c`.
public struct DumpOrder: Equatable, Sendable {
    public let text: String

    init(_ text: String) {
        self.text = text
    }

    /// Whether a dumper takes `one` rather than `other`; the dumpers count from 0.
    func prefers(_ one: QueuedDump, to other: QueuedDump, dumper: Int) -> Bool {
        switch letter(dumper) {
        case "s": one.storedBytes < other.storedBytes
        case "S": one.storedBytes > other.storedBytes
        case "b": one.bytesPerSecond < other.bytesPerSecond
        case "B": one.bytesPerSecond > other.bytesPerSecond
        case "T": one.seconds > other.seconds
        default: one.seconds < other.seconds
        }
    }

    private func letter(_ dumper: Int) -> Character {
        let letters = Array(text)
        return letters.indices.contains(dumper) ? letters[dumper] : dumper < 3 ? "t" : "T"
    }
}
