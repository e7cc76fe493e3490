// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files
import Secret

/// `amfleet observer add`: what somebody needs who only reads, such as a monitoring system. Blocks.
public struct ObserverRoster: Sendable {
    /// What `add` made.
    public struct Added: Sendable, Encodable {
        public var observer: String
        /// With `ca.pem`, the certificate and its key.
        public var folder: String
        public var files: [String]
        public var serial: String
    }

    let file: ClusterFile

    public init(_ file: ClusterFile) {
        self.file = file
    }

    /// Issues a certificate of an observer, who goes by `name` on this machine.
    ///
    /// - Throws: `CoordinatorError.unusableName` for a node's name and the coordinator's, `.alreadyThere`, `CertificateError`.
    public func add(_ name: String, authorityKey: String? = nil) throws -> Added {
        if let fault = ClusterName.labelFault(name) {
            throw CoordinatorError.unusableName(what: "the observer's name", fault: fault)
        }
        let isTaken = name == "coordinator" || file.settings.nodes.contains { $0.name == name }
        guard !isTaken else {
            throw CoordinatorError.unusableName(
                what: "the observer's name",
                fault: "is '\(name)', which is taken: 'amfleet revoke' goes by it")
        }
        let folder = file.resolve("observers/\(name)")
        guard try !FileSystem.isPresent(folder) else { throw CoordinatorError.alreadyThere(path: folder) }
        let authority = try ClusterFile.text(of: file.resolve(file.settings.tls.authority))
        let issued = try file.authority(key: authorityKey).issueObserver(name)
        // There as a whole or not at all; a label holds no dot.
        let unfinished = "\(folder).unfinished"
        try FileSystem.removeTree(unfinished)
        try FileSystem.makeDirectories(unfinished, mode: 0o700)
        let files: [(name: String, text: String, mode: UInt32)] = [
            ("ca.pem", authority, 0o644), ("\(name).pem", issued.certificatePEM, 0o644),
            ("\(name).key", issued.privateKeyPEM.plaintext, 0o600),
        ]
        for file in files {
            try FileSystem.writeAtomically(
                "\(unfinished)/\(file.name)", Array(file.text.utf8), mode: file.mode)
        }
        try FileSystem.rename(unfinished, to: folder)
        try FileSystem.synchroniseDirectory(FileSystem.parentDirectory(of: folder))
        return Added(
            observer: name, folder: folder, files: files.map { "\(folder)/\($0.name)" },
            serial: try CertificateFacts(pem: issued.certificatePEM).serial)
    }
}
