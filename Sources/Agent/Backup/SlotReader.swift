// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import S3

/// Looks at every slot of a changer.
struct SlotReader: Sendable {
    private static let width = 8

    /// Makes a client for a slot's bucket.
    let client: @Sendable (_ bucket: String) throws -> S3Client

    /// What each slot bears, named by its prefix, in the changer's order.
    func slots(of changer: ChangerDefinition) async throws -> [SlotContents] {
        let client = client
        return try await onEvery(changer.devices, width: Self.width) { device in
            SlotContents(
                slot: device.description,
                volume: try await VolumeLabels.read(
                    ObjectKeys(slotPrefix: device.prefix), from: client(device.bucket)))
        }
    }
}
