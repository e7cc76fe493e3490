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
    /// - Throws: `S3Error` where the store refuses or is away for good; any other fault makes the slot unreadable.
    static func read(_ keys: ObjectKeys, from client: S3Client) async throws -> SlotContents.Volume {
        do {
            return try await VolumeProof(client: client, keys: keys).label().map { .labelled($0) }
                ?? .unlabelled
        } catch let error as S3Error where error.isRefusal || error.isUnreachable {
            throw error
        } catch S3Error.tooLong {
            return .foreign
        } catch is HeaderError {
            return .foreign
        } catch let error as S3Error {
            return .unreadable(reason: "\(error)")
        }
    }
}
