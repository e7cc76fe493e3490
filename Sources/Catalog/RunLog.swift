// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// The log of one attempt at a run, `log.<run>.<n>`, written line by line as things happen.
///
/// It is Amanda's catalogue: a dump exists from the moment its `DONE` is on the disk. Attempts of one run count from 0
/// without a gap, for `amadmin find` stops at the first that is missing. `log` points to the current one.
struct RunLog: Sendable {
    /// Absolute.
    let path: String
    /// From 0.
    let attempt: Int
    private let owner: FileOwner?

    /// Creates the next log of the run.
    init(creatingFor run: Datestamp, location: CatalogLocation) throws {
        (path, attempt) = try Self.nextPath(run, location)
        owner = location.owner
        try FileSystem.makeDirectories(location.logDirectory, mode: 0o700, by: location.owner)
        try FileSystem.writeAtomically(path, [], mode: 0o600, by: location.owner)
        try FileSystem.makeSymbolicLink(
            location.logDirectory + "/log", to: "log.\(run).\(attempt)", by: location.owner)
    }

    /// - Parameter synchronising: return when the lines would survive a power failure.
    func append(_ lines: [LogLine], synchronising: Bool = false) throws {
        let text = lines.map { Self.oneLine($0.text) + "\n" }.joined()
        try FileSystem.append(path, text.amandaBytes, by: owner, synchronising: synchronising)
    }

    /// A message may hold anything; a line must stay one.
    static func oneLine(_ text: String) -> String {
        String(amandaBytes: text.amandaBytes.map { $0 == 0x0A || $0 == 0x0D || $0 == 0 ? 0x20 : $0 })
    }

    /// Where the next log of the run goes.
    static func nextPath(_ run: Datestamp, _ location: CatalogLocation) throws -> (path: String, attempt: Int)
    {
        var attempt = 0
        while try FileSystem.isPresent(path(run, attempt, location)) { attempt += 1 }
        return (path(run, attempt, location), attempt)
    }

    private static func path(_ run: Datestamp, _ attempt: Int, _ location: CatalogLocation) -> String {
        "\(location.logDirectory)/log.\(run).\(attempt)"
    }
}
