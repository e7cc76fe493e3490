// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// One line of tar's standard error while it makes an archive, sorted as amgtar sorts it.
///
/// Source: Amanda 3.5.1 `application-src/amgtar.c`, `init_re_table`; two differences on purpose: a file that vanished
/// while tar ran is a note, not strange; what the disk could not give fails the dump.
enum TarMessage: Equatable {
    /// A name that is now in the archive, as it stands in the index.
    case entry(IndexPath)
    /// `Total bytes written`: the archive's length.
    case totals(Int64)
    /// Said of every dump; kept nowhere.
    case ignorable
    /// For the report, and no more.
    case note(String)
    /// For the administrator: the dump counts, and is STRANGE.
    case strange(String)
    /// Bytes that are on the disk are not in the archive: zeros stand for them, or the file is missing.
    case readError(String)

    init(_ line: [UInt8]) {
        if line.starts(with: "block ".utf8) || line.starts(with: "./".utf8) {
            let text = String(amandaBytes: line)
            if let path = IndexPath(tarVerboseLine: text) {
                self = .entry(path)
            } else {
                self = text.hasSuffix("** Block of NULs **") ? .ignorable : .strange(text)
            }
            return
        }
        let text = String(amandaBytes: line)
        if let total = Self.totalBytes(text) {
            self = .totals(total)
        } else if Self.ignorableSuffixes.contains(where: text.hasSuffix)
            || text.contains(": Directory has been renamed")
        {
            self = .ignorable
        } else {
            self =
                Self.isReadError(text)
                ? .readError(text) : Self.isNote(text) ? .note(text) : .strange(text)
        }
    }

    private static let ignorableSuffixes = [": Directory is new"]

    private static let noteSuffixes = [
        ": socket ignored", ": directory is on a different filesystem; not dumped",
        ": file is on a different filesystem; not dumped",
        // A file that vanished between tar's listing of the directory and its reading of the file.
        ": File removed before we read it", ": Directory removed before we read it",
        ": Warning: Cannot stat: No such file or directory", ": Cannot stat: No such file or directory",
        ": Warning: Cannot open: No such file or directory", ": Cannot open: No such file or directory",
    ]

    /// `tar: ./x: Warning: Read error at byte 70144, while reading 10240 bytes: Input/output error` (status 0, with
    /// `--ignore-failed-read`), and what else the kernel says of a medium or file system that fails.
    private static let readErrorSuffixes = [
        ": Input/output error", ": Stale file handle", ": Structure needs cleaning",
        ": Transport endpoint is not connected",
    ]

    private static func isReadError(_ text: String) -> Bool {
        text.contains(": Read error at byte ") || readErrorSuffixes.contains(where: text.hasSuffix)
    }

    private static func isNote(_ text: String) -> Bool {
        if noteSuffixes.contains(where: text.hasSuffix) { return true }
        if text.hasPrefix("Elapsed time:") || text.hasPrefix("Throughput") { return true }
        if text.contains(": Cannot add file "), text.hasSuffix(": No such file or directory") { return true }
        if text.contains(": File "), text.contains(" shrunk by "), text.contains(" padding with zeros") {
            return true
        }
        return text.contains(": Error exit delayed from previous errors")
    }

    private static func totalBytes(_ text: String) -> Int64? {
        let trimmed = text.drop { $0 == " " }
        guard trimmed.hasPrefix("Total bytes written: ") else { return nil }
        return Int64(trimmed.dropFirst("Total bytes written: ".count).prefix { $0.isNumber })
    }
}
