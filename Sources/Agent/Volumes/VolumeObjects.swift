// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import S3
import Saturation

/// What lies on a volume in the bucket, and taking it off.
///
/// Nothing is ever deleted by a bare prefix: every listed key is read as Amanda writes it, and only what is exactly
/// an object of this very slot goes, by its own key.
struct VolumeObjects: Sendable {
    let client: S3Client
    let keys: ObjectKeys

    /// Deletes every file of the volume. The volume has left the tapelist before.
    func deleteFiles() async throws {
        try await deleteFiles(from: 1)
    }

    /// The number for the next file, behind the last header, and the bytes of all files before it. What lies there without
    /// a header, from an attempt that was cut short, is deleted: readers would take stale blocks for data.
    func goOn() async throws -> (next: UInt32, usedByteCount: Int64) {
        var last: UInt32 = 0
        var sizes: [UInt32: Int64] = [:]
        try await client.forEachPage(prefix: keys.files) { objects in
            for object in objects {
                guard let role = keys.role(of: object.key), let file = role.file else { continue }
                sizes[file] = (sizes[file] ?? 0).saturatingPlus(object.byteCount)
                if case .header = role { last = max(last, file) }
            }
        }
        guard last < VolumeError.lastNumber else {
            throw VolumeError.noNumberLeft(
                place: "s3:\(client.location.bucket)/\(keys.header(file: last))", last: last)
        }
        try await deleteFiles(from: last + 1)
        return (last + 1, sizes.filter { $0.key <= last }.values.byteSum)
    }

    private func deleteFiles(from first: UInt32) async throws {
        try await client.forEachPage(prefix: keys.files) { objects in
            let those = objects.map(\.key).filter { (keys.role(of: $0)?.file ?? 0) >= first }
            try await client.delete(those)
        }
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
