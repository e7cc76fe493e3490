// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Digest
import FoundationEssentials
import S3
import Saturation
import Volumes

/// What the store says of the files that a restore of a node's data reads, as it says it beside their names: nothing is read.
///
/// Grows with the number of files.
struct FoundObjects: Sendable {
    /// One of them.
    struct File: Sendable {
        let need: FileNeed
        /// What is wrong with it by itself.
        let fault: String?
        let byteCount: Int64
        let crc32c: UInt32?
        /// What of it may lie in the archive.
        let archived: [NeededObject]
        /// The object of it that goes first.
        let expiring: Expiring?

        init(_ need: FileNeed, _ found: FoundFile) {
            self.need = need
            fault = need.fault(found.stored)
            byteCount = found.stored.byteCount
            crc32c = found.crc32c
            archived = found.objects.filter(\.mayBeArchived)
            expiring = found.objects.compactMap(Expiring.init).min { $0.expiry.time < $1.expiry.time }
        }
    }

    /// An object that a rule of the bucket's lifecycle is going to delete.
    struct Expiring: Sendable, Hashable {
        let key: String
        let expiry: S3ObjectExpiry

        init?(_ object: NeededObject) {
            guard let expiry = object.info?.expiry else { return nil }
            (key, self.expiry) = (object.key, expiry)
        }
    }

    private let files: [File]

    /// - Parameter files: in the order of the needs.
    init(_ files: [File] = []) {
        self.files = files
    }

    /// The first that is wrong, by a file's length or by a dump's; nil: nothing is known to be.
    var fault: String? {
        if let fault = files.lazy.compactMap(\.fault).first { return fault }
        var rest = files[...]
        while let first = rest.first {
            let dump = rest.prefix { $0.need.dump == first.need.dump }
            rest = rest.dropFirst(dump.count)
            if let fault = Self.fault(ofDump: Array(dump)) { return fault }
        }
        return nil
    }

    /// What no single file tells: whether all of them together are as long as the dump, and what it was. A checksum that the store does
    /// not keep, or that nobody recorded, says nothing.
    private static func fault(ofDump files: [File]) -> String? {
        guard let first = files.first, files.count == first.need.fileCount, let stream = first.need.stream,
            stream.byteCount > 0
        else { return nil }
        let byteCount = files.map(\.byteCount).saturatedSum
        // Of what is longer a reader may make the best; and where each file is as long as recorded, the record does not fit itself.
        if byteCount < stream.byteCount, files.contains(where: { $0.need.byteCount == nil }) {
            return
                "\(first.need.place): its data have \(byteCount) bytes, the record says \(stream.byteCount)"
        }
        guard byteCount == stream.byteCount, let recorded = UInt32(stream.crc32c, radix: 16), recorded != 0
        else { return nil }
        var found = CRC32C().value
        for file in files {
            guard let crc32c = file.crc32c else { return nil }
            found = CRC32C.combined(found, crc32c, secondByteCount: file.byteCount)
        }
        return found == recorded
            ? nil
            : "\(first.need.place): what lies there is not what was stored: its CRC-32C is \(hexadecimal(found)), the record says "
                + stream.crc32c
    }

    private static func hexadecimal(_ crc32c: UInt32) -> String {
        let digits = String(crc32c, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Whose objects may lie in the archive.
    var archivedConfigurations: Set<String> {
        Set(files.filter { !$0.archived.isEmpty }.map(\.need.configuration))
    }

    /// Why a restore would refuse it: an object lies in the archive, and its configuration does not let it be thawed. nil: it would not.
    ///
    /// - Parameter thawed: configurations that do.
    /// - Throws: what keeps the store from saying so.
    func refusal(thawing thawed: Set<String>) async throws -> String? {
        for file in files where !file.archived.isEmpty && !thawed.contains(file.need.configuration) {
            do {
                try await GlacierThaw.requireReadable(file.archived)
            } catch let error as S3Error {
                guard case .archived = error else { throw error }
                return
                    "\(file.need.place): \(error.facts); 'device-property \"READ-FROM-GLACIER\" \"yes\"' in its changer has the restore thaw it"
            }
        }
        return nil
    }

    /// What a restore would wait for; nil: nothing.
    func wait(thawing thawed: Set<String>) async throws -> String? {
        let objects = files.filter { thawed.contains($0.need.configuration) }.flatMap(\.archived)
        guard !objects.isEmpty, let found = try await GlacierThaw().outlook(objects) else { return nil }
        return
            "a restore waits for \(Quantity.count(found.archivedCount, "object")) (\(Quantity.bytes(found.archivedBytes))) in the archive, "
            + "as a rule \(Quantity.duration(seconds: Double(found.usualMinutes.lowerBound) * 60)) to "
            + Quantity.duration(seconds: Double(found.usualMinutes.upperBound) * 60)
    }

    /// The first that the bucket's lifecycle deletes, and how many more it does.
    var expiring: (first: Expiring, moreCount: Int)? {
        let all = files.compactMap(\.expiring)
        return all.min { $0.expiry.time < $1.expiry.time }.map { ($0, all.count - 1) }
    }
}
