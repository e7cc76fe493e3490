// SPDX-License-Identifier: Apache-2.0

/// Does `work` and then `cleanUp`, whatever became of it: a `defer` that may wait.
public func withCleanUp<Value>(
    _ cleanUp: () async -> Void, after work: () async throws -> Value
) async throws -> Value {
    let result: Result<Value, any Error>
    do {
        result = .success(try await work())
    } catch {
        result = .failure(error)
    }
    await cleanUp()
    return try result.get()
}
