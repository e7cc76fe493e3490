// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import AmandaFormat
import Certificates
import Files
import HiddenCharacters
import Sealing
import Secret

/// What the command line says, as it stands; a recovery kit fills in what it does not.
public struct BootstrapFlags: Sendable {
    public var node: String
    /// `s3://BUCKET/PREFIX`
    public var place: String?
    public var region: String?
    public var endpoint: String?
    public var addressing: StorageAddress.Addressing?
    public var recoveryKeyFile: String?
    public var passphraseFile: String?
    /// A run's name, or a local time: `2026-11-30 02:00`.
    public var time: String?
    /// Asks at the terminal, unseen; nil: nobody is there.
    var ask: @Sendable (_ prompt: String) throws -> [UInt8]? = { prompt in
        let answer = try TerminalQuestion.secret(
            prompt, within: BootstrapFlags.patience, isGivenUp: { false })
        guard case .line(let typed) = answer else { return nil }
        return typed
    }

    private static let passphraseByteCountLimit = 4096
    /// How often a wrong passphrase may be typed.
    private static let attempts = 3
    /// For somebody who types.
    private static let patience: Duration = .seconds(300)
    private static let defaultRegion = "us-east-1"

    public init(node: String) {
        self.node = node
    }

    /// Reads the kit, and the file of its passphrase. Blocks.
    ///
    /// - Throws: what cannot be used, and what is missing.
    public func order() throws -> BootstrapOrder {
        do throws(CertificateError) {
            _ = try PeerName(cluster: "bootstrap", role: .node(node))
        } catch {
            throw WireError(.configuration, error.headline, hint: error.hint)
        }
        let source = try recoveryKeyFile.map(RecoverySource.read)
        var order = BootstrapOrder(node: node, storage: try storage(source?.kit))
        order.kit = source?.kit
        order.recoveryKey = try source.map(key)
        (order.recoveryKeyFile, order.passphraseFile) = (recoveryKeyFile, passphraseFile)
        order.time = try time.map(Self.datestamp)
        return order
    }

    private func storage(_ kit: RecoveryKit?) throws(WireError) -> StorageAddress {
        let url: StorageURL
        if let place {
            url = try StorageURL(place)
        } else if let kit {
            url = StorageURL(bucket: kit.bucket, prefix: kit.prefix)
        } else {
            throw WireError(
                .configuration, "nothing says where the cluster lies",
                hint: "write s3://BUCKET/PREFIX, or name the recovery kit with '--recovery-key FILE'.")
        }
        // What a kit says of another place is of no use here.
        let kit = kit?.bucket == url.bucket ? kit : nil
        return StorageAddress(
            bucket: url.bucket, prefix: url.prefix, region: region ?? kit?.region ?? Self.defaultRegion,
            endpoint: endpoint ?? kit?.endpoint, addressing: addressing ?? kit?.addressing)
    }

    /// Opened with the passphrase of its file, else with one that is asked for.
    private func key(of source: RecoverySource) throws -> RecoveryKey {
        guard source.isLocked else { return try source.key(passphrase: nil) }
        if let passphraseFile {
            let bytes = try FileSystem.readGiven(passphraseFile, limit: Self.passphraseByteCountLimit)
            return try source.key(passphrase: Self.firstLine(of: bytes))
        }
        for _ in 1..<Self.attempts {
            do {
                return try asked(for: source)
            } catch SealingError.wrongPassphrase {}
        }
        return try asked(for: source)
    }

    private func asked(for source: RecoverySource) throws -> RecoveryKey {
        try source.key(passphrase: ask("passphrase of \(source.source): ").map(Self.firstLine))
    }

    private static func firstLine(of bytes: [UInt8]) -> Secret {
        let text = TextForm.withoutMark(bytes)
        return Secret(String(decoding: text.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self))
    }

    /// `20261130020000`, `2026-11-30 02:00[:00]`, `2026-11-30T02:00`, `2026-11-30`: the last second of what is not said.
    static func datestamp(_ text: String) throws(WireError) -> Datestamp {
        if let datestamp = Datestamp(text) { return datestamp }
        let parts = text.split(maxSplits: 1) { $0 == " " || $0 == "T" }
        // What follows behind another mark is a zone.
        let pieces = zip(parts, ["-", ":"] as [Character]).flatMap { part, mark in
            part.split(separator: mark, omittingEmptySubsequences: false).map(String.init)
        }
        let widths = [4, 2, 2, 2, 2, 2]
        let isDate =
            (3...6).contains(pieces.count)
            && zip(pieces, widths).allSatisfy {
                $0.utf8.count == $1 && $0.utf8.allSatisfy { (48...57).contains($0) }
            }
        let rest = ["23", "59", "59"]
        if isDate, let datestamp = Datestamp((pieces + rest[(pieces.count - 3)...]).joined()) {
            return datestamp
        }
        throw WireError(
            .configuration, "'\(text)' is no time",
            hint:
                "write 2026-11-30 02:00, as the coordinator's clock showed it and without a zone, or a run's name."
        )
    }
}
