// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import FoundationEssentials
import Sealing
public import Secret

/// A new recovery key: its kit goes where the operator says, its certificate beside `cluster.json`, and nothing of the key stays here.
public struct RecoveryKeyMaking: Sendable {
    /// Where the kit is kept unless the operator names a file.
    public static let kitName = "recovery-kit.txt"

    /// Must not be there yet.
    var kitPath: String
    /// nil: the kit alone opens everything.
    var passphrase: Secret?

    public init(kitPath: String, passphrase: Secret? = nil) {
        self.kitPath = kitPath
        self.passphrase = passphrase
    }

    /// Makes the key, and writes its kit (0600): first of all, since what is sealed to a key that nobody has is lost. Blocks.
    ///
    /// - Throws: `CoordinatorError.alreadyThere`, `SealingError`, `FilesError`; then there is no kit.
    func makeKit(
        _ settings: ClusterSettings, authorities: [CertificateFacts]
    ) throws -> RecoveryCertificate {
        // An earlier attempt may have been killed while it wrote the key down.
        FileSystem.removeAbandoned([kitPath])
        guard try !FileSystem.isPresent(kitPath) else { throw CoordinatorError.alreadyThere(path: kitPath) }
        let kit = try newKit(settings, authorities: authorities)
        try FileSystem.writeExclusively(kitPath, Array(kit.text.plaintext.utf8), mode: 0o600)
        return kit.certificate
    }

    /// A new key's certificate, and its kit as it is to be written.
    func newKit(
        _ settings: ClusterSettings, authorities: [CertificateFacts]
    ) throws -> (certificate: RecoveryCertificate, text: Secret) {
        let key = try RecoveryKey.create(cluster: settings.cluster)
        guard let certificate = key.certificate else {
            throw RecoveryError.unusableKit(source: "the new key", reason: "it has no certificate")
        }
        let kit = RecoveryKit(
            settings, authorities, certificatePEM: certificate.pem,
            keyPEM: try key.pem(passphrase: passphrase))
        return (certificate, kit.text)
    }
}

extension RecoveryKit {
    /// A kit of this cluster as it is now.
    init(
        _ settings: ClusterSettings, _ authorities: [CertificateFacts], certificatePEM: String, keyPEM: Secret
    ) {
        self.init(
            cluster: settings.cluster, clusterID: settings.clusterID, storage: settings.storage.address,
            authorities: authorities.sorted { $0.notBefore > $1.notBefore }.map(\.fingerprint),
            date: Date().wholeSecond, certificatePEM: certificatePEM, keyPEM: keyPEM)
    }

    /// Whether it is of another cluster.
    ///
    /// - Throws: `RecoveryError.otherCluster`
    func requireCluster(_ settings: ClusterSettings) throws {
        let isSame =
            cluster == settings.cluster
            && (clusterID == nil || settings.clusterID == nil || clusterID == settings.clusterID)
        guard isSame else {
            throw RecoveryError.otherCluster(
                what: "cluster.json", found: ClusterLabel.text(settings.cluster, settings.clusterID),
                expected: ClusterLabel.text(cluster, clusterID))
        }
    }
}

/// How a cluster is called where two may have one name.
enum ClusterLabel {
    static func text(_ name: String, _ id: String?) -> String { "'\(name)'" + (id.map { " (\($0))" } ?? "") }
}

extension ClusterFile {
    /// Has `cluster.json` name a recovery certificate, before the others; one that it names already is left as it is. Blocks.
    ///
    /// - Returns: how it names it.
    mutating func enter(_ certificate: RecoveryCertificate) throws -> String {
        let known = RecoveryRecipients(self).entries.first {
            $0.certificate.fingerprint == certificate.fingerprint
        }
        if let known { return known.setting }
        let setting = try write(certificate)
        settings.recovery = [setting] + (settings.recovery ?? []).filter { $0 != setting }
        try save()
        return setting
    }

    /// Writes a recovery certificate beside `cluster.json`, under a name that is free. Blocks.
    ///
    /// - Returns: what `recovery` has to name.
    func write(_ certificate: RecoveryCertificate) throws -> String {
        let (name, isThere) = try name(for: certificate)
        if !isThere {
            try FileSystem.writeExclusively(resolve(name), Array(certificate.pem.utf8), mode: 0o644)
        }
        return name
    }

    /// How `recovery` is to name a certificate: by a file that holds it already, or one that is free. Blocks.
    func name(for certificate: RecoveryCertificate) throws -> (name: String, isThere: Bool) {
        let names = ["recovery.pem", "recovery-\(certificate.fingerprint.prefix(8)).pem"]
        let same = names.first { name in
            (try? RecoveryRecipients.certificate(at: resolve(name)).fingerprint) == certificate.fingerprint
        }
        if let same { return (same, true) }
        guard let free = try names.first(where: { try !FileSystem.isPresent(resolve($0)) }) else {
            throw CoordinatorError.alreadyThere(path: resolve(names[1]))
        }
        return (free, false)
    }
}
