// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning
import S3

/// What the volumes in the bucket call themselves.
enum VolumeLabels {
    /// A padded header, and some more so that a foreign object shows as one.
    private static let labelByteCountLimit = 2 * VolumeHeader.paddedByteCount

    /// Reads one slot's label. Only a definite 404 is an unlabelled slot.
    ///
    /// - Throws: `S3Error` where the store refuses or is away for good; any other fault makes the slot unreadable.
    static func read(_ keys: ObjectKeys, from client: S3Client) async throws -> SlotContents.Volume {
        do {
            let (bytes, _) = try await client.get(keys.volumeLabel, limit: labelByteCountLimit)
            return .labelled(try VolumeHeader(parsing: bytes))
        } catch S3Error.notFound {
            return .unlabelled
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
