// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator
import Files
import Secret
import Synchronization

/// Of every command that opens what is sealed.
struct RecoveryKeyOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The recovery kit, or the private key alone in PEM (P-256, P-384, or RSA of 3072 bits or more).",
            valueName: "file"))
    var recoveryKey: String?

    @Option(
        help: ArgumentHelp(
            "The key's passphrase, the first line of this file, instead of asking for it at the terminal.",
            valueName: "file"))
    var recoveryPassphraseFile: String?

    func validate() throws {
        if recoveryPassphraseFile != nil, recoveryKey == nil {
            throw ValidationError("--recovery-passphrase-file is for --recovery-key")
        }
    }

    /// nil: none is named.
    var file: RecoveryKeyFile? {
        recoveryKey.map {
            RecoveryKeyFile(path: $0, passphrase: PassphraseQuestion.passphrase(file: recoveryPassphraseFile))
        }
    }
}

extension RecoveryKeyOptions {
    /// Where the command cannot do without.
    var required: RecoveryKeyFile {
        get throws {
            guard let file else { throw ValidationError("name the recovery kit with --recovery-key") }
            return file
        }
    }
}

/// Whether a key that is made gets a passphrase, and from where.
struct NewPassphrase {
    let isAsked: Bool
    let file: String?

    /// nil: it gets none.
    var passphrase: RecoveryPassphrase? {
        isAsked || file != nil ? PassphraseQuestion.passphrase(file: file) : nil
    }
}

/// Asks at the terminal, unseen.
enum PassphraseQuestion {
    /// An operator who has gone for the sheet comes back by then.
    private static let limit = Duration.seconds(600)

    static func passphrase(file: String?) -> RecoveryPassphrase {
        RecoveryPassphrase(file: file) { try await ask($0) }
    }

    private static func ask(_ prompt: String) async throws -> Secret? {
        let isGivenUp = Flag()
        let answer = try await runBlocking("passphrase", onCancel: { isGivenUp.raise() }) {
            try TerminalQuestion.secret(prompt, within: limit) { isGivenUp.isRaised }
        }
        try Task.checkCancellation()
        guard case .line(let bytes) = answer else { return nil }
        return Secret(String(decoding: bytes, as: UTF8.self))
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isRaised: Bool { value.withLock { $0 } }
        func raise() { value.withLock { $0 = true } }
    }
}
