// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// The file `amdump.<run>` in the log directory, and the links to it: `amdump` while the run goes on, `amdump.1` afterwards,
/// which is how `amstatus` tells the one from the other.
///
/// Source: Amanda 3.5.1 `perl/Amanda/Amdump.pm`, `roll_amdump_logs`; `perl/Amanda/Status.pm`, `new`.
struct TraceFile: Sendable {
    private let path: String
    private let link: String
    private let owner: FileOwner?

    /// Begins the trace anew, and takes the link of a run that was killed for what it is.
    init(creatingFor run: Datestamp, location: CatalogLocation) throws {
        path = "\(location.logDirectory)/amdump.\(run)"
        link = "\(location.logDirectory)/amdump"
        owner = location.owner
        try roll()
        try FileSystem.writeAtomically(path, [], mode: 0o600, by: owner)
        try FileSystem.makeSymbolicLink(link, to: "amdump.\(run)", by: owner)
    }

    func append(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        let text = lines.map { RunLog.oneLine($0) + "\n" }.joined()
        try FileSystem.append(path, text.amandaBytes, by: owner)
    }

    /// The run has ended.
    func roll() throws {
        guard FileSystem.symbolicLinkTarget(link) != nil else { return }
        try FileSystem.rename(link, to: link + ".1", by: owner)
    }

    /// Where the bytes of a dump under way stand.
    func statusFile(_ serial: String) -> String { "\(path).bytes-\(serial)" }

    func writeStatus(_ serial: String, storedByteCount: Int64) throws {
        try FileSystem.writeAtomically(
            statusFile(serial), Array("\(storedByteCount)\n".utf8), mode: 0o600, by: owner,
            synchronising: false)
    }

    func removeStatus(_ serial: String) throws {
        try FileSystem.remove(statusFile(serial), by: owner)
    }
}
