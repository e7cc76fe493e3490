// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess
import Digest

extension RestoreAttempt {
    /// Of all that is stored, once all of it has come.
    var stored: CRCSize? { readings.checksum(0..<ranges.endIndex, of: ranges) }

    /// Compares checksums with those recorded, and where none of what is stored is, with the store's own of each object.
    func compare(native: CRCSize, client: CRCSize?) throws {
        // What is stored may hold bytes that do not matter: that is remarked.
        if isProved(native) { return }
        try require(plan.stored, stored, "stored")
        try require(plan.client, client, "client's")
        try require(plan.native, native, "native")
        guard plan.stored?.isKnown != true, let damaged = damagedObject else { return }
        throw damaged
    }

    private func require(_ expected: CRCSize?, _ found: CRCSize?, _ name: String) throws(RestoreError) {
        guard let expected, let found, expected.isKnown, expected != found else { return }
        throw .checksumDiffers(
            stream: name, firstKey: stream.segments.first?.key ?? "", expected: "\(expected)",
            found: "\(found)")
    }

    private func isProved(_ native: CRCSize) -> Bool { plan.native?.isKnown == true && plan.native == native }

    /// The first object whose bytes do not have the checksum that the store says.
    private var damagedObject: RestoreError? {
        for (segment, indices) in ranges.bySegment {
            guard let expected = segment.crc32c, let found = readings.checksum(indices, of: ranges)?.crc32c,
                found != expected
            else { continue }
            return .objectDiffers(
                name: segment.text, expected: expected.checksumDigits, found: found.checksumDigits,
                isCertain: readings.areConfirmed(indices))
        }
        return nil
    }

    /// Nothing would show that something changed on its way.
    var readsEachTwice: Bool { stream.isOpen && !plan.isProvedByItself && !stream.hasChecksums }

    /// What cannot be checked, and what differed without the archive's differing.
    func remarks(native: CRCSize) -> [String] {
        var remarks = plan.remarks
        if readsEachTwice {
            remarks = [
                "no checksum of this dump is recorded: each range was read until it came the same twice"
            ]
        } else if !remarks.isEmpty, stream.hasChecksums {
            remarks = [
                "no checksum of this dump is recorded: what came back was compared with the store's own of each object"
            ]
        }
        if let expected = plan.stored, expected.isKnown, let stored, stored != expected, isProved(native) {
            remarks.append(
                "what is stored has CRC-32C \(stored) instead of \(expected), but the archive is whole: its length and CRC-32C are those "
                    + "recorded")
        }
        return remarks
    }

    /// An error as it leaves, or as a doubt where another attempt may go better.
    func judged(_ error: any Error) -> any Error {
        guard isAboutContent(error), readings.haveBegun else { return fault(error, isCertain: false) }
        let isKnown =
            (error as? StreamDamage)?.isCertain == true || isStoredProved
            || readings.areConfirmed(0..<ranges.endIndex)
        return isKnown ? fault(error, isCertain: true) : DoubtedStream(cause: error)
    }

    /// All of it has come, and is what was recorded.
    private var isStoredProved: Bool {
        guard let expected = plan.stored, expected.isKnown else { return false }
        return stored == expected
    }

    /// Whether other bytes might have gone better.
    private func isAboutContent(_ error: any Error) -> Bool {
        switch error {
        case is StreamDamage: true
        case let failed as FailedFilter:
            switch failed.error {
            case .failed, .garbageBehind: true
            default: false
            }
        case let error as RestoreError:
            switch error {
            case .checksumDiffers, .objectDiffers: true
            case .tarFailed(let exit, cause: _, renaming: _):
                switch exit {
                case .signal, .stuck: false
                case .status: stream.isOpen
                }
            case .needsConfinement: stream.isOpen
            default: false
            }
        default: false
        }
    }

    /// - Parameter isCertain: the store gave the same bytes twice.
    func fault(_ error: any Error, isCertain: Bool) -> any Error {
        let isCertain = isCertain && !stream.isLocal
        switch error {
        case let damage as StreamDamage:
            return damagedObjectIfCertain(isCertain)
                ?? RestoreError.damagedStream(
                    name: damage.place.name, offset: damage.place.offset, reason: damage.reason,
                    isDecrypted: damage.place.isDecrypted, isCertain: isCertain)
        case let failed as FailedFilter:
            guard isCertain, !isStoredProved else { return failed.error }
            return damagedObjectIfCertain(isCertain)
                ?? RestoreError.notUndone(
                    name: failed.place.name, offset: failed.place.offset, reason: failed.error.facts)
        case RestoreError.checksumDiffers(let stream, let key, let expected, let found, _)
        where isCertain && !isStoredProved:
            return damagedObjectIfCertain(isCertain)
                ?? RestoreError.checksumDiffers(
                    stream: stream, firstKey: key, expected: expected, found: found, isCertain: true)
        default: return error
        }
    }

    private func damagedObjectIfCertain(_ isCertain: Bool) -> RestoreError? {
        isCertain ? damagedObject : nil
    }
}

extension UInt32 {
    /// As headers write a CRC-32C.
    fileprivate var checksumDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
