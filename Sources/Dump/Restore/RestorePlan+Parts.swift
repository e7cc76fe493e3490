// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Volumes

extension RestorePlan.Part {
    private static let width = 16

    /// What holds its data, in order.
    ///
    /// - Throws: `RestoreError` where it is not there, or has another length than the record says.
    func required() throws(RestoreError) -> [StoredFile.Piece] {
        guard let found else { throw .missing(key: volume.name(ofFile: fileNumber)) }
        switch found.stored.dataFault(expecting: byteCount) {
        case nil: return found.stored.pieces
        case .missing(let key): throw .missing(key: key)
        case .lengthDiffers(let key, let expected, let found):
            throw .lengthDiffers(key: key, expected: expected, found: found)
        }
    }

    fileprivate func lookedUp() async throws -> RestorePlan.Part {
        guard found == nil else { return self }
        var part = self
        part.found = try await volume.files([fileNumber]).first
        return part
    }

    fileprivate static func lookUp(_ parts: [RestorePlan.Part]) async throws -> [RestorePlan.Part] {
        try await onEvery(parts, width: width) { try await $0.lookedUp() }
    }
}

extension [RestorePlan.Part] {
    /// The same, each looked up if it was not.
    func lookedUp() async throws -> [RestorePlan.Part] { try await RestorePlan.Part.lookUp(self) }
}
