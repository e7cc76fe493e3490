// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// The file `tapelist`, shared with Amanda's own programs.
///
/// Changed only under an fcntl lock on `tapelist.lock`, replaced by renaming, and `tapelist.last_write` points to the
/// writer's process id: as Amanda does (`server-src/tapefile.c`), so that neither loses the other's change.
public struct TapelistFile: Sendable {
    private let location: CatalogLocation

    public init(_ location: CatalogLocation) {
        self.location = location
    }

    /// Every volume; none if there is no file yet.
    public func read() throws -> Tapelist {
        guard try FileSystem.isPresent(location.tapelist) else { return Tapelist() }
        let bytes = try FileSystem.readAll(location.tapelist)
        return try Tapelist(parsing: String(amandaBytes: bytes), file: location.tapelist)
    }

    /// Reads, changes and replaces the file while no other program may; nothing is written if nothing changes.
    @discardableResult
    public func update<Result>(_ change: (inout Tapelist) throws -> Result) throws -> Result {
        let lock = try FileLock(
            location.tapelist + ".lock", waitingAtMost: location.lockWait, by: location.owner)
        let old = try read()
        var new = old
        let result = try change(&new)
        if try new != old || !FileSystem.isPresent(location.tapelist) {
            try FileSystem.writeAtomically(
                location.tapelist, new.text.amandaBytes, mode: 0o600, by: location.owner)
            try FileSystem.makeSymbolicLink(
                location.tapelist + ".last_write", to: String(RunningProcess.current), by: location.owner)
        }
        _ = consume lock
        return result
    }
}
