// SPDX-License-Identifier: Apache-2.0

/// Starts a server once, however many tests ask at the same time.
actor SharedServer<Server: Sendable> {
    private let start: @Sendable () async throws -> Server
    private var starting: Task<Server, any Error>?

    init(_ start: @escaping @Sendable () async throws -> Server) {
        self.start = start
    }

    func server() async throws -> Server {
        let start = self.start
        let task = starting ?? Task { try await start() }
        starting = task
        return try await task.value
    }
}
