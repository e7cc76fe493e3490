// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Certificates
import Foundation
import Sealing
import Secret
import TestSupport

@testable import AgentAPI

/// A cluster that exists on paper: its authority, its recovery key, and files that are worth sealing.
struct SealedFixture {
    let directory: TemporaryDirectory
    let authority: CertificateAuthority
    let key: RecoveryKey
    let certificate: RecoveryCertificate

    init() throws {
        directory = try TemporaryDirectory("amfleet-sealed")
        authority = try CertificateAuthority.create(cluster: "demo")
        key = try RecoveryKey.create(cluster: "demo")
        guard let certificate = key.certificate else { throw MissingTool.none }
        self.certificate = certificate
    }

    enum MissingTool: Error { case none }

    func authorities() throws -> AuthorityBundle {
        try AuthorityBundle(pem: authority.certificatePEM, source: "'ca.pem'")
    }

    static func file(
        _ path: String, _ content: [UInt8] = Array("passphrase\n".utf8), mode: Int = 0o600,
        user: String = "backup", userID: Int = 34, kind: SealedFile.Kind = .encryption
    ) -> SealedFile {
        SealedFile(
            path: path, kind: kind, mode: mode, user: user, group: "disk", userID: userID, groupID: 6,
            content: content)
    }

    static func bundle(
        _ files: [SealedFile], owner: SealedOwner = .node("node01"), cluster: String = "demo"
    ) throws -> SealedBundle {
        try SealedBundle(
            cluster: cluster, clusterID: "0123456789abcdef", owner: owner,
            run: Datestamp("20261130030000"), sealedAt: Date(timeIntervalSince1970: 1_780_000_000),
            files: files)
    }

    func sealed(_ bundle: SealedBundle, by role: CertificateRole = .node("node01")) throws -> [UInt8] {
        let identity = try authority.issue(role)
        return try bundle.sealed(
            certificatePEM: identity.certificatePEM, privateKeyPEM: identity.privateKeyPEM,
            to: [certificate])
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path(name)))
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: directory.path(name))))
    }

    /// Runs a script in the directory.
    ///
    /// - Returns: its status, and all that it said.
    func shell(_ script: String, path: String? = nil) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path("sh"))
        process.arguments = ["-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
        var environment = ProcessInfo.processInfo.environment
        if let path { environment["PATH"] = path + ":" + (environment["PATH"] ?? "") }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
