// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess
import Files

/// Where a script's program lies, and as whom it runs.
///
/// As the `dumpuser`, on the server as on the client, in Amanda's temporary directory. Source: seen with stock
/// Amanda 3.5.1 (`/usr/lib/amanda/application/PLUGIN`, user `backup`, directory `/tmp/amanda`; only amrecover, started by
/// root, runs scripts as root). So `amanda.conf`, which belongs to the dumpuser, names nothing that runs with more rights
/// than its own; where the dumpuser is root, the program must be root's alone.
struct ScriptProgram: Sendable {
    let directory: String
    let account: UserAccount

    private static let stockDirectory = "/tmp/amanda"

    /// Blocks: it looks at the program.
    func command(_ script: ScriptTool, _ arguments: [String]) throws(ScriptError) -> ChildCommand {
        let path = "\(directory)/\(script.plugin)"
        let isThere: Bool
        do {
            isThere = try FileSystem.isPresent(path)
        } catch {
            throw .cannotStart(script: script.name, reason: FaultText(of: error))
        }
        guard isThere else { throw .noProgram(script: script.name, path: path) }
        if account.owner.userID == 0 { try requireRootsOwn(path, script) }
        guard account.isOurselves || UserAccount.effectiveUserID == 0 else {
            throw .needsRoot(script: script.name, user: account.name)
        }
        var command = ChildCommand(path, arguments, user: account.isOurselves ? nil : ChildUser(account))
        command.environment["HOME"] = account.home
        command.environment["USER"] = account.name
        command.environment["LOGNAME"] = account.name
        command.directory = isStockDirectoryOurs ? Self.stockDirectory : "/tmp"
        return command
    }

    /// Stock Amanda makes it for the dumpuser alone, and only when it runs.
    private var isStockDirectoryOurs: Bool {
        guard let status = try? FileSystem.status(Self.stockDirectory) else { return false }
        return status.kind == .directory && status.owner.userID == account.owner.userID
    }

    /// The program and every directory above it.
    private func requireRootsOwn(_ path: String, _ script: ScriptTool) throws(ScriptError) {
        var place = path
        while true {
            let status = (try? FileSystem.status(place)).flatMap { $0 }
            guard let status, status.owner.userID == 0, status.mode & 0o022 == 0, status.kind != .symbolicLink
            else {
                throw .changeableByOthers(script: script.name, path: place)
            }
            guard place != "/" else { return }
            place = FileSystem.parentDirectory(of: place)
        }
    }
}
