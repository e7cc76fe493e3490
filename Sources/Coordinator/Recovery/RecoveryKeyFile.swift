// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import BlockingWork
import Files
import HiddenCharacters
public import Sealing
public import Secret

/// Where the operator's recovery key is, a kit or a bare key, and how its passphrase is had: from a file, or by asking.
public struct RecoveryKeyFile: Sendable {
    public var path: String
    public var passphrase: RecoveryPassphrase

    public init(path: String, passphrase: RecoveryPassphrase) {
        self.path = path
        self.passphrase = passphrase
    }

    /// The key, and the kit that it came in.
    public struct Opened: Sendable {
        public let key: RecoveryKey
        /// nil: a bare key, which pins no authority.
        public let kit: RecoveryKit?
        /// Names the file in errors.
        public let source: String
    }

    /// How often a wrong passphrase may be typed.
    private static let attempts = 3

    /// - Throws: `RecoveryKitError`, `SealingError`, `RecoveryError.nobodyToAsk`
    public func open() async throws -> Opened {
        let source = try await runBlocking("recovery key") { [path] in try RecoverySource.read(path) }
        guard source.isLocked else { return try await opened(source, nil) }
        if let given = try await passphrase.ofFile() { return try await opened(source, given) }
        for _ in 1..<Self.attempts {
            do {
                return try await opened(source, try await passphrase.asked("passphrase of \(path): "))
            } catch SealingError.wrongPassphrase {}
        }
        return try await opened(source, try await passphrase.asked("passphrase of \(path): "))
    }

    /// A passphrase is turned over often, on purpose: not on the cooperative pool.
    private func opened(_ source: RecoverySource, _ passphrase: Secret?) async throws -> Opened {
        let key = try await runBlocking("recovery key") { try source.key(passphrase: passphrase) }
        return Opened(key: key, kit: source.kit, source: source.source)
    }
}

/// A passphrase of the operator's: it is never an argument, and never shown.
public struct RecoveryPassphrase: Sendable {
    /// Its first line is the passphrase.
    public var file: String?
    /// Asks for one, unseen; nil: there is nobody to ask.
    public var ask: @Sendable (_ prompt: String) async throws -> Secret?

    private static let byteCountLimit = 1 << 16

    public init(
        file: String? = nil,
        ask: @escaping @Sendable (_ prompt: String) async throws -> Secret? = { _ in nil }
    ) {
        self.file = file
        self.ask = ask
    }

    /// - Returns: nil where no file is named.
    func ofFile() async throws -> Secret? {
        guard let file else { return nil }
        return try await runBlocking("passphrase") {
            let bytes: [UInt8]
            do {
                // A mark that an editor has put there can be typed by nobody.
                bytes = TextForm.withoutMark(try FileSystem.readGiven(file, limit: Self.byteCountLimit))
            } catch {
                throw RecoveryError.passphraseFile(path: file, reason: FaultText(of: error))
            }
            var line = bytes.prefix { $0 != 10 }
            if line.last == 13 { line.removeLast() }
            guard !line.isEmpty, let text = String(validating: line, as: UTF8.self) else {
                throw RecoveryError.passphraseFile(
                    path: file, reason: line.isEmpty ? "its first line is empty" : "it is no text")
            }
            return Secret(text)
        }
    }

    func asked(_ prompt: String) async throws -> Secret {
        guard let typed = try await ask(prompt) else { throw RecoveryError.nobodyToAsk }
        return typed
    }

    /// One for a new key: from the file, or typed twice.
    public func new() async throws -> Secret {
        if let given = try await ofFile() { return given }
        let first = try await asked("new passphrase of the recovery key: ")
        guard try await asked("the same again: ") == first else { throw RecoveryError.passphrasesDiffer }
        return first
    }
}
