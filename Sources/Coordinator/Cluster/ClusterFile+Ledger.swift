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
        return written + foundCertificates().filter { !serials.contains($0.serial) }
    }

    /// The coordinator's own, and whatever folders of identity are left here.
    private func foundCertificates() -> [IssuedCertificate] {
        let folders = ["nodes", "observers"].map(resolve).flatMap { parent in
            ((try? FileSystem.list(parent)) ?? []).map { "\(parent)/\($0)" }
        }
        let files = folders.flatMap { folder in
            ((try? FileSystem.list(folder)) ?? []).filter { $0.hasSuffix(".pem") }.map { "\(folder)/\($0)" }
        }
        var seen: Set<String> = []
        return ([resolve(settings.tls.certificate)] + files).compactMap { path in
            guard let facts = try? CertificateFacts(contentsOf: path), !facts.isAuthority,
                (try? facts.peerName.cluster) == settings.cluster, seen.insert(facts.serial).inserted
            else { return nil }
            return IssuedCertificate(facts)
        }
    }

    private var authorityDirectory: String {
        FileSystem.parentDirectory(of: resolve(settings.tls.authority))
    }
}
