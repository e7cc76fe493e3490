// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import ChildProcess
import Digest
import Dump
import Files

/// Makes what `amcrypt` encrypts with, for one user, and proves it: a passphrase, and a key encrypted with it.
///
/// Shape: `.am_passphrase`, 44 characters of base64 and a newline; `.gnupg/am_key.gpg`, 65 lines of 60 characters of
/// base64, encrypted by `gpg --symmetric`, in armor (loop-AES's multi-key-v3: 64 keys and a vector). Source:
/// `/usr/sbin/amaespipe` of Amanda 3.5.1. Neither is ever replaced, printed, or given to a command line.
struct KeyCreation: Sendable {
    let node: String
    /// Whose files they become.
    let user: UserAccount
    var amcrypt = "/usr/sbin/amcrypt"

    /// gpg derives its key slowly on purpose.
    private static let limit = Duration.seconds(60)
    private static let lineCount = 65
    /// Random bytes behind the 60 characters of a line.
    private static let lineByteCount = 45

    /// The files of an account.
    static func files(of user: UserAccount) -> NodeKey {
        NodeKey(
            user: user.name, keyPath: "\(user.home)/.gnupg/am_key.gpg",
            passphrasePath: "\(user.home)/.am_passphrase")
    }

    /// Whole and proved, or nothing is left of it.
    ///
    /// - Throws: `WireError`: what is missing, what is there already, or why the proof failed.
    func run() async throws -> NodeKey {
        let files = Self.files(of: user)
        let isNewDirectory = try await runBlocking("passphrase") { try writePassphrase(files) }
        do {
            let key = try await encryptedKey(files.passphrasePath)
            try await runBlocking("key") {
                try self.give(files.keyPath, key)
            }
            try await FilterProof(FilterCommand(program: amcrypt), as: user, limit: Self.limit).run()
        } catch {
            try? await runBlocking("key") {
                for path in [files.keyPath, files.passphrasePath] { try? FileSystem.remove(path) }
                if isNewDirectory { try? FileSystem.remove(directory(of: files)) }
            }
            throw error
        }
        return files
    }

    /// - Returns: whether the key's directory was made for it.
    private func writePassphrase(_ files: NodeKey) throws -> Bool {
        try requirePrograms()
        try requireAbsent(files)
        let isNewDirectory = try !FileSystem.isPresent(directory(of: files))
        if isNewDirectory {
            try FileSystem.makeDirectories(directory(of: files), mode: 0o700)
            try FileSystem.setOwner(directory(of: files), user.owner)
        }
        do {
            try give(files.passphrasePath, Self.random(32).base64.utf8 + [10])
        } catch {
            if isNewDirectory { try? FileSystem.remove(directory(of: files)) }
            throw error
        }
        return isNewDirectory
    }

    /// What amcrypt needs, and Debian's packages of it do not depend on.
    private func requirePrograms() throws {
        let needed = [
            ("/usr/bin/gpg", "gnupg"), ("/usr/bin/aespipe", "aespipe"), ("/usr/bin/uuencode", "sharutils"),
            (amcrypt, "amanda-common"),
        ]
        let missing = try needed.filter { try !FileSystem.isPresent($0.0) }
        guard missing.isEmpty else {
            throw WireError(
                .configuration, node: node, "missing: \(missing.map(\.0).joined(separator: ", "))",
                hint: "apt-get install \(missing.map(\.1).joined(separator: " "))")
        }
    }

    private func requireAbsent(_ files: NodeKey) throws {
        for path in [files.keyPath, files.passphrasePath] where try FileSystem.status(path) != nil {
            throw WireError(
                .configuration, node: node, "'\(path)' is there already, and a key is never replaced",
                hint: "dumps that were made with it need it; if there are none, move it away first.")
        }
        guard let directory = try FileSystem.status(directory(of: files)) else { return }
        guard directory.kind == .directory, directory.owner.userID == user.owner.userID else {
            throw WireError(
                .configuration, node: node,
                "'\(self.directory(of: files))' is no directory of user '\(user.name)'",
                hint: "move it away, or give it to '\(user.name)' with mode 700.")
        }
    }

    /// A home directory may be root's own, as that of Debian's `backup` is: it is root who gives the file.
    private func give(_ path: String, _ bytes: [UInt8]) throws {
        try FileSystem.writeExclusively(path, bytes)
        try FileSystem.setOwner(path, user.owner)
    }

    private func directory(of files: NodeKey) -> String { FileSystem.parentDirectory(of: files.keyPath) }

    /// gpg works in a directory of its own, whose agent ends with it.
    private func encryptedKey(_ passphrasePath: String) async throws -> [UInt8] {
        let workplace = try await runBlocking("key") { [owner = user.owner] in
            let made = try FileSystem.makeTemporaryDirectory(named: "amfleet-key")
            try FileSystem.setOwner(made, owner)
            return made
        }
        return try await withCleanUp({
            try? await runBlocking("key") { try FileSystem.removeTree(workplace) }
        }) {
            try await encryptedKey(passphrasePath, in: workplace)
        }
    }

    private func encryptedKey(_ passphrasePath: String, in workplace: String) async throws -> [UInt8] {
        let lines = (0..<Self.lineCount).flatMap { _ in
            Self.random(Self.lineByteCount).base64.utf8 + [10]
        }
        let result = try await gpg(
            "/usr/bin/gpg",
            [
                "--homedir", workplace, "--batch", "--no-tty", "--pinentry-mode", "loopback", "--symmetric",
                "--cipher-algo", "AES256", "--armor", "--passphrase-file", passphrasePath,
            ], input: lines)
        _ = try? await gpg("/usr/bin/gpgconf", ["--homedir", workplace, "--kill", "all"], input: [])
        guard result.exit == .status(0), result.output.starts(with: "-----BEGIN PGP MESSAGE-----".utf8) else {
            throw WireError(
                .failed, node: node,
                "gpg \(result.exit) and made no key: \(FailureCause(result.messages).text ?? "it said nothing")"
            )
        }
        return result.output
    }

    private func gpg(_ program: String, _ arguments: [String], input: [UInt8]) async throws -> ChildResult {
        var environment = ChildCommand.plainEnvironment
        environment["HOME"] = user.home
        return try await ChildProcess.run(
            ChildCommand(
                program, arguments, environment: environment, directory: "/", user: ChildUser(user)),
            input: input, limit: Self.limit)
    }

    private static func random(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255) }
    }
}

extension ChildUser {
    fileprivate init(_ account: UserAccount) {
        self.init(
            userID: account.owner.userID, groupID: account.owner.groupID, groupIDs: account.groupIDs)
    }
}
