// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

extension ClusterNode {
    /// `amfleetd bootstrap` on the node's emptied machine, with the node's own rights at the store.
    ///
    /// - Parameter endpoint: of that store.
    func bootstrap(from endpoint: String, _ flags: [String] = []) async throws -> CommandResult {
        try await command(
            sandbox.command(
                [
                    "\(Machine.programs)/amfleetd", "bootstrap", "s3://\(store.bucket)/\(store.prefix)",
                    "--node", name, "--endpoint", endpoint,
                    "--credentials-file", "\(directory)/agent/s3-credentials",
                    "--amanda-directory", amandaDirectory, "--state-directory", state,
                ] + flags, asRoot: true), environment: Self.noCredentials)
    }

    /// A line that a program has printed for that machine, as it stands.
    func shell(_ line: String) async throws -> CommandResult {
        let path = "\(Machine.programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        return try await command(
            sandbox.command(["/bin/sh", "-c", line], asRoot: true),
            environment: Self.noCredentials.merging(["PATH": path]) { $1 })
    }
}
