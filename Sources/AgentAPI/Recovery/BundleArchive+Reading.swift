// SPDX-License-Identifier: Apache-2.0

extension BundleArchive {
    /// Reads what `bytes(of:)` writes, and nothing else: no links, directories or devices, no name that leads elsewhere, nothing twice,
    /// nothing that the manifest does not say.
    ///
    /// - Throws: `SealedBundleError`, or `WireJSONError` of the manifest.
    static func read(_ archive: [UInt8]) throws -> SealedBundle {
        var reader = Reader(archive)
        guard let first = try reader.next(), first.name == manifestName else {
            throw SealedBundleError.damaged(reason: "it does not begin with '\(manifestName)'")
        }
        let manifest = try WireJSON.read(SealedManifest.self, from: first.content, what: manifestName)
        guard manifest.files.count <= SealedBundle.fileCountLimit else {
            throw SealedBundleError.tooMany(count: manifest.files.count)
        }
        var files: [SealedFile] = []
        for entry in manifest.files {
            if let fault = entry.fault { throw fault }
            guard let member = try reader.next() else {
                throw SealedBundleError.damaged(reason: "'\(entry.path)' is missing")
            }
            guard member.isAsSaid(by: entry) else {
                throw SealedBundleError.damaged(
                    reason:
                        "'\(member.name)' stands where '\(entry.path)' should, or has another owner or size")
            }
            files.append(
                SealedFile(
                    path: entry.path, kind: entry.kind, mode: entry.mode, user: entry.user,
                    group: entry.group, userID: entry.userID, groupID: entry.groupID,
                    content: member.content))
        }
        if let more = try reader.next() {
            throw SealedBundleError.damaged(reason: "it does not say that '\(more.name)' is in it")
        }
        return try SealedBundle(manifest: manifest, files: files)
    }

    /// One regular file.
    fileprivate struct Member {
        var name: String
        var mode: Int
        var userID: Int
        var groupID: Int
        var user: String
        var group: String
        var content: [UInt8]

        func isAsSaid(by entry: SealedManifest.File) -> Bool {
            // By bytes: to Swift, names that are spelled with other code points are the same.
            name.utf8.elementsEqual(entry.member.utf8) && mode == entry.mode && userID == entry.userID
                && groupID == entry.groupID && user.utf8.elementsEqual(entry.user.utf8)
                && group.utf8.elementsEqual(entry.group.utf8) && content.count == entry.byteCount
        }
    }

    /// Goes from header to header; everything is bounded by the bytes that are there.
    fileprivate struct Reader {
        private let archive: [UInt8]
        private var offset = 0

        init(_ archive: [UInt8]) {
            self.archive = archive
        }

        /// nil: the two blocks of zeros, and nothing behind them.
        mutating func next() throws(SealedBundleError) -> Member? {
            guard let header = try header() else { return nil }
            guard header[header.startIndex + Field.kind] == extended else {
                return try member(header, [:])
            }
            let records = try records(content(of: header))
            guard let following = try self.header() else { throw .damaged(reason: "it ends in a header") }
            return try member(following, records)
        }

        private mutating func header() throws(SealedBundleError) -> ArraySlice<UInt8>? {
            let end = archive[offset...].prefix(2 * blockByteCount)
            if archive.count - offset == 2 * blockByteCount, end.allSatisfy({ $0 == 0 }) { return nil }
            guard archive.count - offset >= blockByteCount else { throw .damaged(reason: "it is cut short") }
            let block = archive[offset..<offset + blockByteCount]
            offset += blockByteCount
            guard let sum = number(block, Field.checksum), sum == checksum(of: block),
                bytes(block, Field.magic).elementsEqual(magic)
            else { throw .damaged(reason: "no header stands where one should") }
            return block
        }

        private mutating func member(
            _ header: ArraySlice<UInt8>, _ records: [Keyword: String]
        ) throws(SealedBundleError) -> Member {
            guard header[header.startIndex + Field.kind] == regular,
                bytes(header, Field.linkName).allSatisfy({ $0 == 0 }),
                bytes(header, Field.prefix).allSatisfy({ $0 == 0 })
            else { throw .damaged(reason: "something that is no regular file is in it") }
            guard let mode = number(header, Field.mode),
                let userID = records[.userID].map({ Int($0) }) ?? number(header, Field.userID),
                let groupID = records[.groupID].map({ Int($0) }) ?? number(header, Field.groupID),
                let name = records[.path] ?? text(header, Field.name),
                let user = records[.user] ?? text(header, Field.user),
                let group = records[.group] ?? text(header, Field.group)
            else { throw .damaged(reason: "a header says what it cannot") }
            return Member(
                name: name, mode: mode, userID: userID, groupID: groupID, user: user, group: group,
                content: try content(of: header))
        }

        private mutating func content(of header: ArraySlice<UInt8>) throws(SealedBundleError) -> [UInt8] {
            guard let count = number(header, Field.size), count <= archive.count - offset else {
                throw .damaged(reason: "a file is cut short")
            }
            let content = Array(archive[offset..<offset + count])
            let padding = (blockByteCount - count % blockByteCount) % blockByteCount
            guard padding <= archive.count - offset - count else { throw .damaged(reason: "it is cut short") }
            offset += count + padding
            return content
        }

        private func records(_ bytes: [UInt8]) throws(SealedBundleError) -> [Keyword: String] {
            var (records, rest): ([Keyword: String], ArraySlice<UInt8>) = ([:], bytes[...])
            while !rest.isEmpty {
                guard let blank = rest.firstIndex(of: UInt8(ascii: " ")),
                    let count = String(validating: rest[..<blank], as: UTF8.self).flatMap({ Int($0) }),
                    count <= rest.count, case let record = rest.prefix(max(count, 0)),
                    record.last == UInt8(ascii: "\n"), record.endIndex > blank + 1,
                    // By bytes: a value may begin with a mark that Swift makes one character with the sign.
                    let equals = record[(blank + 1)...].firstIndex(of: UInt8(ascii: "=")),
                    let word = String(validating: record[(blank + 1)..<equals], as: UTF8.self),
                    let keyword = Keyword(rawValue: word),
                    let value = String(validating: record[(equals + 1)...].dropLast(), as: UTF8.self),
                    records.updateValue(value, forKey: keyword) == nil
                else { throw .damaged(reason: "a long name in it cannot be read") }
                rest = rest.dropFirst(count)
            }
            return records
        }

        private func bytes(_ block: ArraySlice<UInt8>, _ field: Range<Int>) -> ArraySlice<UInt8> {
            block[block.startIndex + field.lowerBound..<block.startIndex + field.upperBound]
        }

        /// Octal digits, then NULs or blanks.
        private func number(_ block: ArraySlice<UInt8>, _ field: Range<Int>) -> Int? {
            let digits = bytes(block, field).prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
            guard
                bytes(block, field).dropFirst(digits.count).allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") })
            else { return nil }
            return Int(String(decoding: digits, as: UTF8.self), radix: 8)
        }

        /// Up to the first NUL, behind which only NULs stand.
        private func text(_ block: ArraySlice<UInt8>, _ field: Range<Int>) -> String? {
            let text = bytes(block, field).prefix { $0 != 0 }
            guard bytes(block, field).dropFirst(text.count).allSatisfy({ $0 == 0 }) else { return nil }
            return String(validating: text, as: UTF8.self)
        }
    }
}
