// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import TestSupport
import Testing

extension DumpFixture {
    /// As whom programs run here: Amanda's own user, whose keys are this fixture's.
    func dumpuser() throws -> UserAccount {
        let user = try #require(UserAccount(named: "backup"))
        return UserAccount(
            name: user.name, owner: user.owner, home: directory.path, groupIDs: user.groupIDs)
    }

    /// Amanda's user may pass into the fixture's directory.
    func admitDumpuser() throws {
        try shell("chmod 755 .", in: directory.path)
    }

    /// An executable shell script in the fixture's directory.
    func program(_ name: String, _ script: String, interpreter: String = "/bin/sh") throws -> String {
        let path = try directory.write(name, "#!\(interpreter)\n\(script)\n")
        try shell("chmod 755 .; chmod 755 \(path)", in: directory.path)
        return path
    }

    /// Amanda's installed script with another home for its keys, so that no test touches the machine's own.
    func amandaProgram(_ name: String) throws -> String {
        let script = try String(contentsOfFile: "/usr/sbin/\(name)", encoding: .utf8)
        let changed = script.replacing("AMANDA_HOME=~backup", with: "AMANDA_HOME=\(directory.path)")
            .replacing("/usr/sbin/amaespipe", with: directory.path("amaespipe"))
        let path = try directory.write(name, changed)
        try shell("chmod 755 .; chmod 755 \(path)", in: directory.path)
        return path
    }

    /// `amcrypt` with a key of its own, made as amcrypt's manual page says.
    func amcrypt() throws -> String {
        try shell(
            """
            printf 'a passphrase' > .am_passphrase; mkdir -m 700 .gnupg
            head -c 3000 /dev/urandom | base64 -w 60 | head -65 > key
            gpg --homedir .gnupg --batch --pinentry-mode loopback --symmetric --armor \
                --passphrase-file .am_passphrase --output .gnupg/am_key.gpg key
            gpgconf --homedir .gnupg --kill all
            rm key; chmod 600 .am_passphrase; chown -R backup: .gnupg .am_passphrase
            """, in: directory.path)
        _ = try amandaProgram("amaespipe")
        return try amandaProgram("amcrypt")
    }

    /// `amcrypt-ossl` with a passphrase of its own.
    func amcryptOSSL() throws -> String {
        try shell(
            "echo 'another passphrase' > .am_passphrase; chmod 600 .am_passphrase; chown backup: .am_passphrase",
            in: directory.path)
        return try amandaProgram("amcrypt-ossl")
    }

    /// The plan of a dump by these filters, run by Amanda's user.
    func filterPlan(
        _ compression: DLEDescription.Compression?, _ encryption: DLEDescription.Encryption? = nil,
        storage: StoragePlan = StoragePlan()
    ) throws -> DumpPlan {
        try admitDumpuser()
        var plan = try plan(compression, storage: storage) { $0.encryption = encryption }
        plan.filterUser = try dumpuser()
        return plan
    }

    /// The restore that the header asks for, where the node's configuration names the same programs as the dump's.
    func filterRestorePlan(_ outcome: DumpOutcome, of plan: DumpPlan) async throws -> RestorePlan {
        var restore = try await restorePlan(outcome)
        restore.filterUser = try dumpuser()
        restore.allowedFilters = Set(plan.dle.filterCommands)
        return restore
    }

    /// Dumps, brings back, compares; gives the dump's outcome and what the restore said.
    @discardableResult
    func roundTrip(_ plan: DumpPlan) async throws -> (dump: DumpOutcome, messages: [String]) {
        let outcome = try await dump(plan)
        guard outcome.isUsable else {
            Issue.record("\(outcome.status)")
            return (outcome, [])
        }
        let restored = try await RestoreEngine().restore(
            try await filterRestorePlan(outcome, of: plan))
        #expect(restored.native == outcome.native)
        #expect(try manifest(of: target, withXattrs: true) == manifest(of: source, withXattrs: true))
        return (outcome, restored.messages)
    }
}
