// SPDX-License-Identifier: Apache-2.0

/// Runs `work` on every element, at most `width` at a time, and gives the results in the elements' order.
///
/// - Throws: the first failure, once the others are cancelled; `CancellationError`.
public func onEvery<Element: Sendable, Value: Sendable>(
    _ elements: [Element], width: Int,
    _ work: @escaping @Sendable (Element) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        var values: [Int: Value] = [:]
        for (index, element) in elements.enumerated() {
            if index >= width, let (finished, value) = try await group.next() { values[finished] = value }
            group.addTask { (index, try await work(element)) }
        }
        for try await (finished, value) in group { values[finished] = value }
        return elements.indices.compactMap { values[$0] }
    }
}
