// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files

/// Which certificates this cluster has issued, and where. Everything here blocks.
extension ClusterFile {
    /// `issued.txt` beside `ca.pem`: a line for every certificate that was signed here (`IssuedCertificate`).
    var ledgerPath: String { "\(authorityDirectory)/issued.txt" }

    /// Every certificate that is known of: those of the file, and those that lie here from before there was one.
    func issuedCertificates() throws -> [IssuedCertificate] {
        let written = try IssuedCertificate.all(at: ledgerPath)
        let serials = Set(written.map(\.serial))
        return written + (try foundCertificates()).filter { !serials.contains($0.serial) }
    }

    /// The coordinator's own, and whatever folders of identity are left here.
    ///
    /// - Throws: where a folder or a file cannot be read: what is in it would not be revoked.
    private func foundCertificates() throws -> [IssuedCertificate] {
        let folders = try ["nodes", "observers"].map(resolve).flatMap { try Self.entries(of: $0) }
        let files = try folders.flatMap { try Self.entries(of: $0) }.filter { $0.hasSuffix(".pem") }
        var seen: Set<String> = []
        return try ([resolve(settings.tls.certificate)] + files).compactMap { path in
            guard let facts = try Self.certificate(at: path), !facts.isAuthority,
                (try? facts.peerName.cluster) == settings.cluster, seen.insert(facts.serial).inserted
            else { return nil }
            return IssuedCertificate(facts)
        }
    }

    /// None where it is no directory, or there is none.
    private static func entries(of directory: String) throws -> [String] {
        guard try FileSystem.isPresentDirectory(directory) else { return [] }
        return try FileSystem.list(directory).map { "\(directory)/\($0)" }
    }

    private static let certificateByteCountLimit: Int64 = 1 << 20

    /// nil: there is none, or it is none.
    private static func certificate(at path: String) throws -> CertificateFacts? {
        guard let status = try FileSystem.status(path), status.kind != .directory,
            status.byteCount <= certificateByteCountLimit
        else { return nil }
        let bytes = try FileSystem.readAll(path, limit: Int(certificateByteCountLimit))
        return try? CertificateFacts(pem: String(decoding: bytes, as: UTF8.self))
    }

    private var authorityDirectory: String {
        FileSystem.parentDirectory(of: resolve(settings.tls.authority))
    }
}
