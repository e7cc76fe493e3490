// SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials

/// Which of all clusters that may have the same name: random, made once, never changed (`clusterID` in both `cluster.json`).
enum ClusterID {
    private static let lengths = 8...64

    static func make() -> String { UUID().uuidString.lowercased() }

    /// Why `text` cannot be one; nil where it can.
    static func fault(_ text: String) -> String? {
        let isPlain = text.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45
        }
        return isPlain && lengths.contains(text.utf8.count)
            ? nil
            : "must be \(lengths.lowerBound) to \(lengths.upperBound) letters, digits and '-', found '\(text)'"
    }

    /// `cluster.json` with the id as its first member; all else stays as the operator wrote it.
    ///
    /// - Returns: nil where the text is no object.
    static func entered(_ id: String, in text: String) -> String? {
        guard let brace = text.firstIndex(of: "{"), text[..<brace].allSatisfy(\.isWhitespace) else {
            return nil
        }
        let rest = text[text.index(after: brace)...]
        let space = rest.prefix(while: \.isWhitespace)
        return text[...brace] + space + "\"clusterID\": \"\(id)\"," + (space.isEmpty ? " " : space)
            + rest.dropFirst(space.count)
    }
}

extension ClusterFile {
    /// Enters the id in the file, which has none, through links; what others have changed in it meanwhile stays. Blocks.
    ///
    /// - Throws: `FilesError` where the file cannot be written: all goes on without, as long as the authority stays the same.
    func enter(clusterID: String) throws {
        let lock = try FileLock(Self.lockPath(path), waitingAtMost: .seconds(10))
        let path = FileSystem.realPath(path)
        let text = String(decoding: try FileSystem.readAll(path, limit: 4 << 20), as: UTF8.self)
        let now = try ClusterSettings(parsing: Array(text.utf8), file: self.path)
        guard now.clusterID == nil, let changed = ClusterID.entered(clusterID, in: text) else { return }
        let status = try FileSystem.status(path)
        try FileSystem.writeAtomically(
            path, Array(changed.utf8), mode: status?.mode ?? 0o644)
        _ = consume lock
    }
}
