// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Sealing
import Secret
import TestSupport

/// A directory and the `openssl` of this machine, which knows nothing of our code.
struct SealingSandbox {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory("amfleet-sealing")
    }

    func path(_ name: String) -> String { directory.path(name) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// Runs `openssl` in the directory.
    ///
    /// - Returns: its status, and all that it said.
    @discardableResult
    func openssl(_ arguments: String...) throws -> (status: Int32, text: String) { try openssl(arguments) }

    /// A key and a self-signed certificate of a kind that `openssl req -newkey` knows, in one text.
    func foreign(_ kind: [String], usage: String = "keyAgreement,keyEncipherment") throws -> String {
        var arguments = ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=foreign"]
        arguments += [
            "-keyout", "foreign.key", "-out", "foreign.pem", "-addext", "keyUsage=\(usage)", "-newkey",
        ]
        let made = try openssl(arguments + kind)
        guard made.status == 0 else { throw OpensslFailure(text: made.text) }
        return try text("foreign.key") + text("foreign.pem")
    }

    @discardableResult
    func openssl(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path("openssl"))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

struct OpensslFailure: Error {
    let text: String
}
