// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning
import S3
import Volumes

/// What the volumes in the bucket call themselves.
enum VolumeLabels {
    /// Reads one slot's label. Only a definite 404 is an unlabelled slot.
    ///
    /// - Parameter looksForFiles: files that lie there without a label make the slot unreadable: it was somebody's volume.
    /// - Throws: `S3Error` of what concerns the whole store; any other fault makes the slot unreadable.
    static func read(
        _ keys: ObjectKeys, from client: S3Client, looksForFiles: Bool = false
    ) async throws -> SlotContents.Volume {
        do {
            if let label = try await VolumeProof(client: client, keys: keys).label() {
                return .labelled(label)
            }
            guard looksForFiles else { return .unlabelled }
            let files = try await client.list(prefix: keys.files, limit: 1)
            return files.objects.isEmpty ? .unlabelled : .unlabelledFiles
        } catch let error as S3Error where error.reach == .wholeStore || error.isDenial {
            throw error
        } catch is HeaderError {
            return .foreign
        } catch let error as S3Error {
            return .unreadable(reason: "\(error)")
        } catch let error as UnprovedLabel {
            return .unreadable(reason: "\(error)")
        }
    }
}

extension SlotContents.Volume {
    /// Files without a label.
    static let unlabelledFiles = Self.unreadable(reason: "there is none, though files lie there")
}
