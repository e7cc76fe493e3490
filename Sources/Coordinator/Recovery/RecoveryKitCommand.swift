// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import Sealing
import Secret

/// `amfleet recovery kit`: the kit anew, as the cluster is now. From an old kit or the key: the coordinator itself has no private part.
public struct RecoveryKitCommand: Sendable {
    let file: ClusterFile
    let key: RecoveryKeyFile
    let output: String?

    /// - Parameter output: where it is written; nil: it is printed.
    public init(_ file: ClusterFile, key: RecoveryKeyFile, output: String?) {
        self.file = file
        self.key = key
        self.output = output
    }

    /// A key that has a passphrase keeps it. Asks nobody but the operator.
    ///
    /// - Throws: `RecoveryError.unknownKey` for a key that nothing of this cluster is sealed to.
    public func run() async throws -> RecoveryKitReport {
        let source = try await runBlocking("recovery key") { [key] in try RecoverySource.read(key.path) }
        let (certificate, text) = try await certificateAndKey(source)
        return try await runBlocking("recovery kit") { [file, output] in
            let kit = RecoveryKit(
                file.settings, try file.pinnedAuthorities(), certificatePEM: certificate.pem, keyPEM: text)
            if let output {
                FileSystem.removeAbandoned([output])
                try FileSystem.writeExclusively(output, Array(kit.text.plaintext.utf8), mode: 0o600)
            }
            return RecoveryKitReport(
                cluster: file.settings.cluster, fingerprint: certificate.fingerprint, file: output,
                term: .init(certificate, file: certificate.subject),
                isBesideFile: output.map(file.holds) ?? false, text: output == nil ? kit.text : nil)
        }
    }

    private func certificateAndKey(_ source: RecoverySource) async throws -> (RecoveryCertificate, Secret) {
        let entries = try await runBlocking("recovery") { [file] in RecoveryRecipients(file).entries }
        if let kit = source.kit {
            try kit.requireCluster(file.settings)
            let certificate = try RecoveryCertificate(pem: kit.certificatePEM, source: source.source)
            guard entries.contains(where: { $0.certificate.fingerprint == certificate.fingerprint }) else {
                throw RecoveryError.unknownKey(source: source.source, file: file.path)
            }
            // What is typed in wrong must not be what is printed next. Behind a passphrase only its owner can tell.
            let given = source.isLocked ? try await key.passphrase.ofFile() : nil
            if !source.isLocked || given != nil {
                _ = try await runBlocking("recovery key") { try source.key(passphrase: given) }
            }
            return (certificate, kit.keyPEM)
        }
        let opened = try await key.open()
        guard let entry = entries.first(where: { opened.key.opens($0.certificate) }) else {
            throw RecoveryError.unknownKey(source: source.source, file: file.path)
        }
        let passphrase = source.isLocked ? try await key.passphrase.ofFile() : nil
        if source.isLocked, passphrase == nil {
            throw RecoveryError.unusableKit(
                source: source.source,
                reason: "its passphrase is needed for the new kit, too: give --recovery-passphrase-file")
        }
        return (
            entry.certificate,
            try await runBlocking("recovery key") { try opened.key.pem(passphrase: passphrase) }
        )
    }
}

/// A kit: printed, or where it was written. Its JSON never has the key.
public struct RecoveryKitReport: Sendable {
    var cluster: String
    var fingerprint: String
    var file: String?
    /// The dates of its certificate.
    var term: RecoverySummary.Certificate
    var isBesideFile: Bool
    var text: Secret?
}

extension RecoveryKitReport: CommandReport {
    private struct Body: Encodable {
        var cluster: String
        var fingerprint: String
        var file: String?
    }

    public var ending: CommandEnding { .complete }

    public func document(command: String) throws -> [UInt8] {
        try document(command, Body(cluster: cluster, fingerprint: fingerprint, file: file))
    }

    /// The one place where a key is shown: the operator asks for it to be printed.
    public var lines: [String] {
        if let file { return KitText.lines(file, isBesideFile: isBesideFile) + RecoveryTerm.lines(term) }
        return (text?.plaintext ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
    }
}
