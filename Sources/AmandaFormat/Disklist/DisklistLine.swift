// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// The words of one line of a disklist, cut as Amanda cuts them.
///
/// Blanks separate words, except within double quotes (`\` makes the next character plain); a word that begins
/// with `#` ends the line. Source: Amanda 3.5.1 `server-src/diskfile.c`, `parse_diskline`.
struct DisklistLine {
    let number: Int
    /// As written, quotes included; a `{` is a word even without a blank after it.
    let words: [String]
    /// The line as it stands.
    let text: String
    let hasOpenQuote: Bool
    /// The first in its words: comments may have any.
    let hidden: HiddenCharacter?

    init(_ text: some StringProtocol, number: Int) {
        self.number = number
        self.text = String(text)
        var words: [String] = []
        var current = String.UnicodeScalarView()
        var isInQuotes = false
        var isEscaped = false
        var length = text.unicodeScalars.count
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let isBlank = scalar == " " || scalar == "\t" || scalar == "\r"
            if isBlank, !isInQuotes {
                if !current.isEmpty { words.append(String(current)) }
                current = String.UnicodeScalarView()
                continue
            }
            if scalar == "#", current.isEmpty, !isInQuotes {
                length = index
                break
            }
            if scalar == "\"", !isEscaped { isInQuotes.toggle() }
            isEscaped = scalar == "\\" && !isEscaped
            current.append(scalar)
        }
        if !current.isEmpty { words.append(String(current)) }
        self.words = words.flatMap { word in
            word.hasPrefix("{") && word != "{" ? ["{", String(word.dropFirst())] : [word]
        }
        hasOpenQuote = isInQuotes
        // Amanda's own blank.
        let seen = String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(length).map { $0 == "\r" ? " " : $0 }))
        hidden = HiddenCharacter(firstIn: seen)
    }

    /// Whether it names a file to read in its place.
    var isInclude: Bool { words.first.map(canonicalKeyword) == "includefile" }

    /// Whether it ends with a brace that opens something, if only because a quote before it is not closed.
    var opens: Bool {
        words.last == "{" || (hasOpenQuote && words.last?.hasSuffix(" {") == true)
    }

    /// Whether it begins with the brace that closes something.
    var closes: Bool { words.first?.hasPrefix("}") == true }

    /// Whether it sets what a dumptype sets.
    var isParameter: Bool { words.first.map { ParameterTable.dumptype.parameter($0) != nil } == true }

    /// A word without its quotes and escapes.
    func name(_ index: Int) -> String {
        AmandaQuotedString.unquote(words[index])
    }
}
