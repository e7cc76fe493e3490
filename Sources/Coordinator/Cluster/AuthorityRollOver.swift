// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files
import Secret

/// A new authority that is taking the old one's place: the folder `authority-next` beside `ca.pem`, from the beginning to the end.
///
/// Shape: `ca.pem`, `ca.key` (0600) of the new one, and `endorsement.pem`, its key signed by the old one. The folder comes and goes by
/// a rename, so it is whole or not there. Every call blocks.
struct AuthorityRollOver: Sendable {
    let authority: CertificateAuthority
    /// `CertificateFacts.fingerprint` of its certificate.
    let fingerprint: String
    let endorsement: String
    private let directory: String

    /// Relative to the directory of `ca.pem`.
    static let files = ["ca.pem", "ca.key", "endorsement.pem"].map { "authority-next/\($0)" }

    /// The one that is under way; nil: none.
    static func current(_ file: ClusterFile) throws -> AuthorityRollOver? {
        let directory = directory(file)
        guard try FileSystem.isPresent(directory) else { return nil }
        return try AuthorityRollOver(directory, ledger: file.ledgerPath)
    }

    /// One that was made and whose turn has not come: nobody knows it, and nothing signs with it. nil: none.
    static func prepared(_ file: ClusterFile) throws -> AuthorityRollOver? {
        let directory = directory(file) + preparedSuffix
        guard try FileSystem.isPresent(directory) else { return nil }
        return try AuthorityRollOver(directory, ledger: file.ledgerPath)
    }

    /// Makes an authority with a key of its own, and keeps it.
    static func prepare(_ file: ClusterFile, after old: CertificateAuthority) throws -> AuthorityRollOver {
        let directory = directory(file)
        let new = try CertificateAuthority.create(cluster: old.cluster)
        let (making, prepared) = (directory + makingSuffix, directory + preparedSuffix)
        for left in [making, prepared] { try FileSystem.removeTree(left) }
        try FileSystem.makeDirectories(making, mode: 0o700)
        let files = [
            ("ca.key", new.privateKeyPEM.plaintext, UInt32(0o600)), ("ca.pem", new.certificatePEM, 0o644),
            ("endorsement.pem", try old.endorse(new), 0o644),
        ]
        for (name, text, mode) in files {
            try FileSystem.writeAtomically("\(making)/\(name)", Array(text.utf8), mode: mode)
        }
        try FileSystem.rename(making, to: prepared)
        try FileSystem.synchroniseDirectory(FileSystem.parentDirectory(of: directory))
        return try AuthorityRollOver(prepared, ledger: file.ledgerPath)
    }

    /// From now on it is the one that is under way.
    func entered(_ file: ClusterFile) throws -> AuthorityRollOver {
        let place = Self.directory(file)
        guard directory != place else { return self }
        try FileSystem.rename(directory, to: place)
        try FileSystem.synchroniseDirectory(FileSystem.parentDirectory(of: place))
        return try AuthorityRollOver(place, ledger: file.ledgerPath)
    }

    /// Takes one away whose turn will not come; one that is under way stays.
    func withdraw() throws {
        if directory.hasSuffix(Self.preparedSuffix) { try FileSystem.removeTree(directory) }
    }

    private init(_ directory: String, ledger: String) throws {
        func text(_ name: String) throws -> String { try ClusterFile.text(of: "\(directory)/\(name)") }
        var authority = try CertificateAuthority(
            certificatePEM: text("ca.pem"), privateKeyPEM: Secret(text("ca.key")))
        authority.ledger = ledger
        self.authority = authority
        fingerprint = try CertificateFacts(pem: authority.certificatePEM).fingerprint
        endorsement = try text("endorsement.pem")
        self.directory = directory
    }

    /// Its files are where they belong by now.
    func end() throws {
        let done = directory + Self.doneSuffix
        try FileSystem.removeTree(done)
        try FileSystem.rename(directory, to: done)
        try FileSystem.synchroniseDirectory(FileSystem.parentDirectory(of: directory))
        try FileSystem.removeTree(done)
    }

    private static let (makingSuffix, preparedSuffix, doneSuffix) = (".making", ".prepared", ".done")

    /// What a process that was killed leaves before the folder has its name, and after.
    static func leftovers(_ file: ClusterFile) -> [String] {
        [makingSuffix, doneSuffix].map { directory(file) + $0 }
    }

    private static func directory(_ file: ClusterFile) -> String {
        "\(FileSystem.parentDirectory(of: file.resolve(file.settings.tls.authority)))/authority-next"
    }
}
