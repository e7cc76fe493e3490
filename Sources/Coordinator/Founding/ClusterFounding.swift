// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Secret

/// `amfleet init`: a cluster's authority, the coordinator's certificate and a `cluster.json`.
///
/// An authority that lies there already, certificate and key, is gone on with: so a coordinator that was lost comes back, and its nodes and
/// its place in the bucket know it again.
public struct ClusterFounding: Sendable {
    /// What was written.
    public struct Report: Sendable, Encodable {
        public var cluster: String
        public var files: [String]
        /// The authority was there before.
        public var goesOn = false
    }

    let settings: ClusterSettings
    let directory: String

    /// - Parameters:
    ///   - settings: without nodes; paths of TLS files relative to `directory`.
    ///   - directory: made if need be.
    public init(_ settings: ClusterSettings, directory: String) {
        self.settings = settings
        self.directory = directory
    }

    /// - Throws: `CoordinatorError.alreadyThere` before anything is written; `SettingsError` for settings that the
    ///   file could not hold.
    public func found() throws -> Report {
        let tls = settings.tls
        var file = ClusterFile(
            path: directory == "." ? "cluster.json" : "\(directory)/cluster.json", settings: settings)
        // What was given on the command line must be what a reader accepts.
        _ = try ClusterSettings(parsing: Array(settings.text.utf8), file: file.path)
        let authorityPaths = [tls.authority, tls.authorityKey].map(file.resolve)
        let goesOn = authorityPaths.allSatisfy(FileSystem.exists)
        let paths =
            (goesOn ? [] : authorityPaths) + [tls.certificate, tls.privateKey].map(file.resolve) + [file.path]
        if let taken = paths.first(where: FileSystem.exists) {
            throw CoordinatorError.alreadyThere(path: taken)
        }
        try FileSystem.makeDirectories(directory, mode: 0o700)
        // A cluster that goes on has its id in the bucket.
        if !goesOn { file.settings.clusterID = ClusterID.make() }
        var authority = try goesOn ? found(at: file) : CertificateAuthority.create(cluster: settings.cluster)
        authority.ledger = file.ledgerPath
        let coordinator = try authority.issue(.coordinator)
        if !goesOn {
            try write(authority.privateKeyPEM.plaintext, file.resolve(tls.authorityKey), mode: 0o600)
            try write(authority.certificatePEM, file.resolve(tls.authority))
        }
        try write(coordinator.privateKeyPEM.plaintext, file.resolve(tls.privateKey), mode: 0o600)
        try write(coordinator.certificatePEM, file.resolve(tls.certificate))
        try file.save()
        return Report(cluster: settings.cluster, files: paths, goesOn: goesOn)
    }

    private func found(at file: ClusterFile) throws -> CertificateAuthority {
        let authority = try file.authority()
        guard authority.cluster == settings.cluster else {
            throw CoordinatorError.unusableName(
                what: "the cluster's name",
                fault:
                    "is '\(settings.cluster)', but '\(file.resolve(settings.tls.authority))' is the authority of '\(authority.cluster)'"
            )
        }
        return authority
    }

    private func write(_ text: String, _ path: String, mode: UInt32 = 0o644) throws {
        try FileSystem.writeAtomically(path, Array(text.utf8), mode: mode)
    }
}
