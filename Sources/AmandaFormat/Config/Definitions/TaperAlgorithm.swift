// SPDX-License-Identifier: Apache-2.0

/// Which of the dumps on a holding disk goes to a volume next.
///
/// Source: amanda.conf(5), `taperalgo`; Amanda 3.5.1 `server-src/driver.c`.
public enum TaperAlgorithm: String, CaseIterable, Sendable {
    case first = "FIRST"
    case firstFit = "FIRSTFIT"
    case largest = "LARGEST"
    case largestFit = "LARGESTFIT"
    case smallest = "SMALLEST"
    case smallestFit = "SMALLESTFIT"
    case last = "LAST"

    /// The word in `amanda.conf`, in Amanda's upper case.
    init?(keyword: String) {
        self.init(rawValue: keyword)
    }
}
