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

    /// Every header, data object and block of the volume; its label is not among them.
    private func files() async throws -> [(key: String, role: ObjectKeys.Role)] {
        try await client.list(prefix: keys.files).objects.compactMap { object in
            keys.role(of: object.key).map { (object.key, $0) }
        }
    }

    /// Deletes every file of the volume. The volume has left the tapelist before.
    func deleteFiles() async throws {
        try await delete(files().map(\.key))
    }

    /// The number for the next file: behind the last header. What lies there without a header, from an attempt that
    /// was cut short, is deleted: readers would take stale blocks for data.
    func nextFileNumber() async throws -> UInt32 {
        let files = try await files()
        let headers = files.compactMap { if case .header(let file) = $0.role { file } else { nil } }
        let next = (headers.max() ?? 0) + 1
        try await delete(files.filter { ($0.role.file ?? 0) >= next }.map(\.key))
        return next
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
