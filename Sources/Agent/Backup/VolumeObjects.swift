// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

/// What lies on a volume in the bucket, and taking it off.
///
/// Nothing is ever deleted by a bare prefix: every listed key is read as Amanda writes it, and only what is exactly
/// an object of this very slot goes, by its own key.
struct VolumeObjects: Sendable {
    private static let deletionWidth = 16

    let client: S3Client
    let keys: ObjectKeys

    /// Deletes every file of the volume. The volume has left the tapelist before.
    func deleteFiles() async throws {
        try await deleteFiles(from: 1)
    }

    /// The number for the next file: behind the last header. What lies there without a header, from an attempt that
    /// was cut short, is deleted: readers would take stale blocks for data.
    func nextFileNumber() async throws -> UInt32 {
        var last: UInt32 = 0
        try await client.forEachPage(prefix: keys.files) { objects in
            for object in objects {
                if case .header(let file) = keys.role(of: object.key) { last = max(last, file) }
            }
        }
        try await deleteFiles(from: last + 1)
        return last + 1
    }

    private func deleteFiles(from first: UInt32) async throws {
        try await client.forEachPage(prefix: keys.files) { objects in
            let those = objects.map(\.key).filter { (keys.role(of: $0)?.file ?? 0) >= first }
            try await delete(those)
        }
    }

    private func delete(_ keys: [String]) async throws {
        _ = try await onEvery(keys, width: Self.deletionWidth) { key in try await client.delete(key) }
    }
}

extension ObjectKeys.Role {
    /// The file that an object belongs to; nil for the label.
    fileprivate var file: UInt32? {
        switch self {
        case .volumeLabel: nil
        case .header(let file), .data(let file), .block(let file, _): file
        }
    }
}
