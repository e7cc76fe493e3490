// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Sealing

/// To whom this cluster's secrets are sealed: the certificates that `recovery` in `cluster.json` names.
struct RecoveryRecipients: Sendable {
    struct Entry: Sendable {
        /// As `cluster.json` has it.
        let setting: String
        let path: String
        let certificate: RecoveryCertificate
    }

    let entries: [Entry]
    /// One that cannot be used keeps nobody from sealing to the others.
    let faults: [WireError]

    private static let byteCountLimit = 1 << 16

    /// Blocks.
    init(_ file: ClusterFile) {
        var entries: [Entry] = []
        var faults: [WireError] = []
        for setting in file.settings.recovery ?? [] {
            let path = file.resolve(setting)
            do {
                entries.append(
                    Entry(setting: setting, path: path, certificate: try Self.certificate(at: path)))
            } catch {
                faults.append(WireError(of: error))
            }
        }
        (self.entries, self.faults) = (entries, faults)
    }

    var certificates: [RecoveryCertificate] { entries.map(\.certificate) }
    var fingerprints: [String] { certificates.map(\.fingerprint) }

    static func certificate(at path: String) throws -> RecoveryCertificate {
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.readAll(path, limit: byteCountLimit)
        } catch {
            throw CoordinatorError.unreadable(path: path, reason: FaultText(of: error))
        }
        return try RecoveryCertificate(pem: String(decoding: bytes, as: UTF8.self), source: "'\(path)'")
    }
}
