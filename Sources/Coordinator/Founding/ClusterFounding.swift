// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Secret

/// `amfleet init`: a cluster's authority, the coordinator's certificate and a `cluster.json`.
public struct ClusterFounding: Sendable {
    /// What was written.
    public struct Report: Sendable, Encodable {
        public var cluster: String
        public var files: [String]
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
        let file = ClusterFile(
            path: directory == "." ? "cluster.json" : "\(directory)/cluster.json", settings: settings)
        // What was given on the command line must be what a reader accepts.
        _ = try ClusterSettings(parsing: Array(settings.text.utf8), file: file.path)
        let paths =
            [tls.authority, tls.authorityKey, tls.certificate, tls.privateKey].map(file.resolve) + [file.path]
        if let taken = paths.first(where: FileSystem.exists) {
            throw CoordinatorError.alreadyThere(path: taken)
        }
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let authority = try CertificateAuthority.create(cluster: settings.cluster)
        let coordinator = try authority.issue(.coordinator)
        try write(authority.privateKeyPEM.plaintext, file.resolve(tls.authorityKey), mode: 0o600)
        try write(authority.certificatePEM, file.resolve(tls.authority))
        try write(coordinator.privateKeyPEM.plaintext, file.resolve(tls.privateKey), mode: 0o600)
        try write(coordinator.certificatePEM, file.resolve(tls.certificate))
        try file.save()
        return Report(cluster: settings.cluster, files: paths)
    }

    private func write(_ text: String, _ path: String, mode: UInt32 = 0o644) throws {
        try FileSystem.writeAtomically(path, Array(text.utf8), mode: mode)
    }
}
