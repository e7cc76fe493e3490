// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// The changer's state file, shared with Amanda's own programs: who holds which slot.
///
/// The file is its own lock and is rewritten in place, as Amanda does; a renamed file would leave Amanda waiting for
/// the old one (`common-src/amflock.c`, `file_lock_write`).
public struct ChangerStateFile: Sendable {
    private let path: String
    private let location: CatalogLocation

    /// - Parameter path: `changerfile`, absolute.
    public init(_ path: String, location: CatalogLocation) {
        self.path = path
        self.location = location
    }

    /// The state as it is now; a new changer's if there is no file.
    public func read() throws -> ChangerState {
        guard try FileSystem.isPresent(path) else { return ChangerState(location.changerStateForm) }
        return try update { $0 }
    }

    /// - Throws: `CatalogError.slotHeld` when a living process other than this one holds any slot.
    func refuseIfHeld() throws {
        try refuseIfHeld(try read())
    }

    /// Enters this process as the slot's holder and makes its label unknown, since it is about to change. The
    /// reservation of a process that is dead is taken over.
    public func reserve(_ device: String) throws {
        try update { state in
            try refuseIfHeld(state)
            state.reserve(device, pid: RunningProcess.current)
            state.forgetLabel(of: device)
        }
    }

    /// Gives the slot back.
    ///
    /// - Parameter label: that is now in the slot; nil leaves it unknown, so that Amanda looks.
    public func release(_ device: String, label: String? = nil) throws {
        try update { state in
            state.forgetLabel(of: device)
            if let label { state.setLabel(of: device, to: label) }
            state.release(device, pid: RunningProcess.current)
        }
    }

    private func refuseIfHeld(_ state: ChangerState) throws {
        for held in state.reservations
        where held.pid != RunningProcess.current && RunningProcess.isAlive(held.pid) {
            throw CatalogError.slotHeld(
                device: held.device, pid: held.pid, program: RunningProcess.name(held.pid), stateFile: path)
        }
    }

    private func update<Result>(_ change: (inout ChangerState) throws -> Result) throws -> Result {
        let file = try LockedFile(path, waitingAtMost: location.lockWait, by: location.owner)
        let old = try ChangerState(
            parsing: String(amandaBytes: try file.contents()), location.changerStateForm, file: path)
        var new = old
        let result = try change(&new)
        if new != old { try file.rewrite(new.text.amandaBytes) }
        return result
    }
}
