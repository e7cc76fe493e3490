// SPDX-License-Identifier: Apache-2.0

extension DumpHeader {
    /// Reads a `…-filestart` object, a `.header` file or the first block of a holding file; NUL padding and data
    /// after the form feed are ignored, and so are lines that Amanda 3.5 does not know.
    public init(parsing block: [UInt8]) throws(HeaderError) {
        let (line, rest) = try HeaderText.firstLine(of: block)
        guard let words = AmandaQuotedString.words(of: line) else {
            throw .malformed(what: "first line", found: line)
        }
        var reader = WordReader(words: words)
        guard ["AMANDA:", "NETDUMP:"].contains(try reader.next("magic word")) else { throw .notAmanda }
        let kindWord = try reader.next("kind")
        guard let kind = Kind(rawValue: kindWord) else {
            throw .wrongKind(found: kindWord, wanted: "a dump's header")
        }
        let dateWord = try reader.next("datestamp")
        guard let datestamp = Datestamp(dateWord) else {
            throw .malformed(what: "datestamp", found: dateWord)
        }
        let host = try reader.next("host")
        let disk = AmandaQuotedString.unquote(try reader.next("disk name"))
        let part = kind == .split ? try reader.part() : nil
        try reader.expect("lev")
        let level = try reader.number("level", Self.levels)
        try reader.expect("comp")
        let suffix = try reader.next("compression suffix")
        // Amanda before 2.2 wrote no program: it was always dump.
        let program = reader.take(after: "program") ?? "RESTORE"
        self.init(
            kind: kind, datestamp: datestamp, host: host, disk: disk, part: part, level: level,
            compressionSuffix: suffix == "N" ? nil : suffix == "C" ? ".Z" : suffix, program: program)
        encryptionSuffix = reader.take(after: "crypt").flatMap { $0 == "N" ? nil : $0 }
        serverCompressProgram = reader.take(after: "server_custom_compress")
        clientCompressProgram = reader.take(after: "client_custom_compress")
        serverEncryptProgram = reader.take(after: "server_encrypt")
        clientEncryptProgram = reader.take(after: "client_encrypt")
        serverDecryptOption = reader.take(after: "server_decrypt_option")
        clientDecryptOption = reader.take(after: "client_decrypt_option")
        try readFurtherLines(rest)
    }

    private mutating func readFurtherLines(_ lines: [String]) throws(HeaderError) {
        var index = 0
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.hasPrefix("\tdd if=<tape> ") {
                readHint(line)
                continue
            }
            let halves = line.amandaBytes.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
            ).map { String(amandaBytes: $0) }
            guard halves.count == 2 else { continue }
            switch halves[0] {
            case "CONT_FILENAME": continuationFileName = halves[1]
            case "APPLICATION": application = halves[1]
            case "PARTIAL": isPartial = halves[1].lowercased() == "yes"
            case "ORIGSIZE": originalKiB = Int64(halves[1])
            case "NATIVE-CRC": nativeCRC = CRCSize(parsing: halves[1])
            case "CLIENT-CRC": clientCRC = CRCSize(parsing: halves[1])
            case "SERVER-CRC": serverCRC = CRCSize(parsing: halves[1])
            case "DLE" where halves[1].hasPrefix("<<"):
                let mark = String(halves[1].dropFirst(2))
                guard let end = lines[index...].firstIndex(of: mark) else {
                    throw .malformedDLE(what: "the line '\(mark)' that ends it is missing")
                }
                dleText = lines[index..<end].joined(separator: "\n")
                index = end + 1
            case "DLE": dleText = halves[1]
            default: break
            }
        }
    }

    private mutating func readHint(_ line: String) {
        let pipeline = line.split(separator: "|").map { $0.trimmingBlanks }
        for word in pipeline.first?.split(separator: " ") ?? []
        where word.hasPrefix("bs=") && word.hasSuffix("k") {
            blockKiB = Int(word.dropFirst(3).dropLast())
        }
        recoveryCommands = pipeline.dropFirst().filter { !$0.isEmpty }
    }
}

/// Takes the words of line 1 one by one.
private struct WordReader {
    var words: ArraySlice<String>

    init(words: [String]) {
        self.words = words[...]
    }

    mutating func next(_ what: String) throws(HeaderError) -> String {
        guard let word = words.popFirst() else { throw .malformed(what: what, found: nil) }
        return word
    }

    mutating func expect(_ word: String) throws(HeaderError) {
        let found = try next("word '\(word)'")
        guard found == word else { throw .malformed(what: "word '\(word)'", found: found) }
    }

    mutating func number(_ what: String, _ range: ClosedRange<Int>) throws(HeaderError) -> Int {
        let word = try next(what)
        guard let number = Int(word), range.contains(number) else {
            throw .malformed(what: what, found: word)
        }
        return number
    }

    mutating func part() throws(HeaderError) -> DumpHeader.Part {
        try expect("part")
        let word = try next("part number")
        let halves = word.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard halves.count == 2, let number = halves[0], let total = halves[1], number >= 1,
            total == -1 || total >= number
        else { throw .malformed(what: "part number", found: word) }
        return DumpHeader.Part(number: number, total: total == -1 ? nil : total)
    }

    /// The word after `keyword`, if `keyword` stands next.
    mutating func take(after keyword: String) -> String? {
        guard words.first == keyword, words.count > 1 else { return nil }
        words.removeFirst()
        return words.popFirst()
    }
}

extension StringProtocol {
    /// Without the blanks at either end.
    var trimmingBlanks: String {
        let rest = drop { $0 == " " || $0 == "\t" }
        guard let last = rest.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(rest[...last])
    }
}
