// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import Sealing

/// `amfleet recovery add`: a recovery key for a cluster that has none yet, or one more.
public struct RecoveryAddCommand: Sendable {
    /// Whose certificate is added.
    public enum Source: Sendable {
        /// A new one.
        case new(RecoveryKeyMaking)
        /// One that the operator has: its private part is not looked at.
        case kit(path: String)
        /// The same, of a key of other origin.
        case certificate(path: String)
    }

    let cluster: Cluster
    let source: Source

    public init(_ cluster: Cluster, _ source: Source) {
        self.cluster = cluster
        self.source = source
    }

    /// The kit is written first, then `cluster.json`, then everything of the coordinator is sealed. Cut short, it is run again: a kit that
    /// is there is gone on with.
    ///
    /// - Throws: before anything is written where the store does not answer.
    public func run() async throws -> RecoveryChangeReport {
        try await cluster.clusterGuard(cluster.impatientBucket).claim()
        let (file, report) = try await runBlocking("recovery") { [cluster, source] in
            let lock = try RenewalLock(cluster.file)
            return try withExtendedLifetime(lock) {
                // It may have got its id just now.
                try ClusterFile.changing(cluster.file.path) { file in
                    let certificate = try source.certificate(file)
                    let setting = try file.enter(certificate)
                    return (
                        file,
                        RecoveryChangeReport(
                            cluster: file.settings.cluster, kit: source.newKit,
                            isKitBesideFile: source.newKit.map(file.holds) ?? false,
                            certificate: file.resolve(setting), fingerprint: certificate.fingerprint,
                            term: .init(certificate, file: file.resolve(setting)))
                    )
                }
            }
        }
        return try await report.sealed(CoordinatorSealing(file: file, bucket: cluster.impatientBucket))
    }
}

extension RecoveryAddCommand.Source {
    /// Blocks.
    fileprivate func certificate(_ file: ClusterFile) throws -> RecoveryCertificate {
        switch self {
        case .new(let making):
            return try making.makeKit(file.settings, authorities: file.pinnedAuthorities())
        case .kit(let path):
            FileSystem.removeAbandoned([path])
            let source = try RecoverySource.read(path)
            guard let kit = source.kit else {
                throw RecoveryError.unusableKit(
                    source: source.source, reason: "it is no kit: give its certificate with --certificate")
            }
            try kit.requireCluster(file.settings)
            return try RecoveryCertificate(pem: kit.certificatePEM, source: source.source)
        case .certificate(let path):
            return try RecoveryRecipients.certificate(at: path)
        }
    }

    fileprivate var newKit: String? {
        if case .new(let making) = self { making.kitPath } else { nil }
    }
}

extension ClusterFile {
    /// Whether a file lies in the directory of `cluster.json`. Blocks.
    func holds(_ path: String) -> Bool {
        FileSystem.parentDirectory(of: CoordinatorFiles.absolute(path)) == FileSystem.realPath(directory)
    }
}
