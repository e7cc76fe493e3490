// SPDX-License-Identifier: Apache-2.0

/// How an error names a field: `nodes[2].address`.
struct SettingsPath: Sendable, Hashable {
    private var pieces: [String] = []

    var text: String { pieces.joined() }

    mutating func append(key: String) {
        pieces.append(pieces.isEmpty ? key : ".\(key)")
    }

    mutating func append(index: Int) {
        pieces.append("[\(index)]")
    }

    mutating func removeLast() {
        pieces.removeLast()
    }

    func key(_ key: String) -> SettingsPath {
        var path = self
        path.append(key: key)
        return path
    }

    func index(_ index: Int) -> SettingsPath {
        var path = self
        path.append(index: index)
        return path
    }
}
