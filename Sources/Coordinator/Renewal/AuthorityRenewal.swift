// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files
import Secret

/// What `amfleet authority renew` does on this machine; each step may be done again after a kill at any point. Blocks.
struct AuthorityRenewal: Sendable {
    let file: ClusterFile

    /// Makes the new authority beside the old, unless one is under way, and has this machine believe both.
    ///
    /// A coordinator whose own certificate holds no more goes over at once: nodes that know the new one are reached again.
    ///
    /// - Parameter authorityKey: where the old one's key is, if not where `cluster.json` says; used at the beginning only.
    func begin(authorityKey: String?) throws -> AuthorityRollOver {
        let rollOver =
            try AuthorityRollOver.current(file)
            ?? AuthorityRollOver.begin(file, after: file.presentAuthority(key: authorityKey))
        let present = try file.authorities()
        if !present.authorities.contains(where: { $0.fingerprint == rollOver.fingerprint }) {
            try write(present.pem() + rollOver.authority.certificatePEM, file.authorityPath, mode: 0o644)
        }
        try file.identityFiles.recover()
        let own = try CertificateFacts(contentsOf: file.identityFiles.certificate)
        if try file.authorities().refusal(of: own, as: .client) != nil { try goOver(rollOver) }
        return rollOver
    }

    /// From now on the coordinator shows a certificate of the new authority.
    func goOver(_ rollOver: AuthorityRollOver) throws {
        let new = try CertificateFacts(pem: rollOver.authority.certificatePEM)
        let own = try CertificateFacts(contentsOf: file.identityFiles.certificate)
        guard !own.isIssued(by: new) else { return }
        _ = try CoordinatorRenewal(file, authorityKey: nil).install(rollOver.authority)
    }

    /// Puts the new authority in the old one's place.
    ///
    /// - Returns: where the new key is now, and whether the old one was somewhere else.
    func end(_ rollOver: AuthorityRollOver) throws -> (keyPath: String, wasElsewhere: Bool) {
        let keyPath = FileSystem.realPath(file.authorityKeyPath)
        let wasElsewhere = !FileSystem.exists(keyPath)
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: keyPath), mode: 0o700)
        try write(rollOver.authority.privateKeyPEM.plaintext, keyPath, mode: 0o600)
        try write(rollOver.authority.certificatePEM, file.authorityPath, mode: 0o644)
        try rollOver.end()
        return (keyPath, wasElsewhere)
    }

    private func write(_ text: String, _ path: String, mode: UInt32) throws {
        try FileSystem.writeAtomically(FileSystem.realPath(path), Array(text.utf8), mode: mode)
    }
}
