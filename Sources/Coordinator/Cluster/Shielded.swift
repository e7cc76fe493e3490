// SPDX-License-Identifier: Apache-2.0

/// Runs `work` to its end whether or not the caller is cancelled: for clean-up that needs the network.
func shielded<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await Task { try await work() }.value
}
