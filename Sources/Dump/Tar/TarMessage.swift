// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// One line of tar's standard error while it makes an archive, sorted as amgtar sorts it.
///
/// One difference on purpose: what the disk could not give fails the dump, whatever the configuration says of the message.
enum TarMessage: Equatable {
    /// A name that is now in the archive, as it stands in the index.
    case entry(IndexPath)
    /// `Total bytes written`: the archive's length.
    case totals(Int64)
    /// Kept nowhere.
    case ignorable
    /// For the report, and no more.
    case note(String)
    /// For the administrator: the dump counts, and is STRANGE.
    case strange(String)
    /// Bytes that are on the disk are not in the archive: zeros stand for them, or the file is missing.
    case readError(String)

    init(_ line: [UInt8], by sorter: TarMessageSorter) {
        let text = String(amandaBytes: line)
        if line.starts(with: "block ".utf8), let path = IndexPath(tarVerboseLine: text) {
            self = .entry(path)
        } else if line.starts(with: "block ".utf8), text.hasSuffix("** Block of NULs **") {
            self = .ignorable
        } else if let total = Self.totalBytes(text) {
            self = .totals(total)
        } else if Self.isReadError(text) {
            self = .readError(text)
        } else {
            self =
                switch sorter.kind(of: text) {
                case .ignored: .ignorable
                case .note: .note(text)
                case .strange: .strange(text)
                }
        }
    }

    /// Whether it is no part of the listing.
    var isSaid: Bool {
        switch self {
        case .entry, .totals: false
        case .ignorable, .note, .strange, .readError: true
        }
    }

    /// `tar: ./x: Warning: Read error at byte 70144, while reading 10240 bytes: Input/output error` (status 0, with
    /// `--ignore-failed-read`), and what else the kernel says of a medium or file system that fails.
    private static let readErrorSuffixes = [
        ": Input/output error", ": Stale file handle", ": Structure needs cleaning",
        ": Transport endpoint is not connected",
    ]

    private static func isReadError(_ text: String) -> Bool {
        text.contains(": Read error at byte ") || readErrorSuffixes.contains(where: text.hasSuffix)
    }

    private static func totalBytes(_ text: String) -> Int64? {
        let trimmed = text.drop { $0 == " " }
        guard trimmed.hasPrefix("Total bytes written: ") else { return nil }
        return Int64(trimmed.dropFirst("Total bytes written: ".count).prefix { $0.isNumber })
    }
}
