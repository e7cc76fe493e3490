// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files
import FoundationEssentials
import Secret

/// What `amfleet authority renew` does on this machine; each step may be done again after a kill at any point. Blocks.
struct AuthorityRenewal: Sendable {
    let file: ClusterFile

    /// Makes the new authority, unless one is under way. Nobody believes it yet, nor does anything sign with it.
    ///
    /// - Parameter authorityKey: where the old one's key is, if not where `cluster.json` says; used at the beginning only.
    func make(authorityKey: String?) throws -> AuthorityRollOver {
        if let current = try AuthorityRollOver.current(file) { return current }
        let old = try file.presentAuthority(key: authorityKey)
        if let prepared = try AuthorityRollOver.prepared(file), try self.old(prepared) != nil {
            return prepared
        }
        return try AuthorityRollOver.prepare(file, after: old)
    }

    /// `keyFingerprint` of the authority that goes; nil: it is none of this machine's, or none any more.
    func old(_ rollOver: AuthorityRollOver) throws -> String? {
        let endorsement = try CertificateFacts(pem: rollOver.endorsement)
        return try file.authorities().issuer(of: endorsement)?.keyFingerprint
    }

    /// Both at once, for whoever is alone.
    func begin(authorityKey: String?) throws -> AuthorityRollOver {
        try believe(make(authorityKey: authorityKey))
    }

    /// Has this machine believe both.
    ///
    /// A coordinator whose own certificate holds no more goes over at once: nodes that know the new one are reached again.
    func believe(_ made: AuthorityRollOver) throws -> AuthorityRollOver {
        let rollOver = try made.entered(file)
        let present = try file.authorities()
        if !present.authorities.contains(where: { $0.fingerprint == rollOver.fingerprint }) {
            try write(present.pem() + rollOver.authority.certificatePEM, file.authorityPath, mode: 0o644)
        }
        try carryRevocations(rollOver.authority)
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
        let wasElsewhere = try !FileSystem.isPresent(keyPath)
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: keyPath), mode: 0o700)
        let going = try file.authorities().authorities.filter { $0.fingerprint != rollOver.fingerprint }
        if !going.isEmpty { try file.keepFormer(going + [CertificateFacts(pem: rollOver.endorsement)]) }
        try write(rollOver.authority.privateKeyPEM.plaintext, keyPath, mode: 0o600)
        try write(rollOver.authority.certificatePEM, file.authorityPath, mode: 0o644)
        try rollOver.end()
        return (keyPath, wasElsewhere)
    }

    /// What the old authority has taken back stays so: its own list goes with it.
    private func carryRevocations(_ new: CertificateAuthority) throws {
        let fingerprint = try CertificateFacts(pem: new.certificatePEM).keyFingerprint
        let keeper = try RevocationKeeper(file)
        guard !keeper.lists.isEmpty else { return }
        try keeper.change { old in
            let own = old.lists.first { $0.authority == fingerprint }
            let known = Set(own?.entries.map(\.serial) ?? [])
            guard old.entries.contains(where: { !known.contains($0.serial) }) else { return old }
            return old.joined(
                with: RevocationLists([
                    try RevocationList(
                        old.entries, number: (own?.number ?? 0) + 1,
                        now: Int64(Date().timeIntervalSince1970), signedBy: new)
                ]))
        }
    }

    private func write(_ text: String, _ path: String, mode: UInt32) throws {
        try FileSystem.writeAtomically(FileSystem.realPath(path), Array(text.utf8), mode: mode)
    }
}
