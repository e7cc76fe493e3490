// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import NearestName

/// How the words of COMMAND-OPTIONS are read: as tar itself reads them, each judged by `TarOptionTable`.
extension TarOptions {
    /// What both a property and an option of tar's say.
    enum Switch: Sendable, Equatable {
        case acls, selinux, xattrs, sparse, checkDevice, oneFileSystem, noUnquote
    }

    /// One option of the words, with its value.
    private struct Option {
        /// As it stands there.
        let word: String
        let name: String
        let value: String?

        /// For tar, with its long name, so that no value can be taken for an option.
        var argument: String { "--\(name)\(value.map { "=\($0)" } ?? "")" }
    }

    /// Takes what is harmless. Where a property says otherwise the option counts, as for tar, which gets it later.
    ///
    /// - Throws: `DumpError.badOption` for the first that is not.
    mutating func applyCommandOptions(_ words: [String]) throws(DumpError) {
        for option in try Self.options(words) { try apply(option) }
    }

    /// What a restore needs to know of them; whatever cannot be read is none of its business.
    mutating func restoreCommandOptions(_ words: [String]) {
        var options = TarOptions()
        for word in words { try? options.applyCommandOptions([word]) }
        (hasACLs, hasSELinux) = (hasACLs || options.hasACLs, hasSELinux || options.hasSELinux)
        hasXattrs = hasXattrs || options.hasXattrs
    }

    private mutating func apply(_ option: Option) throws(DumpError) {
        guard let row = TarOptionTable.row(option.name) else {
            let nearest = nearestName(to: option.name, among: TarOptionTable.names)
            throw .badOption(
                option.word, reason: "no such option of GNU tar is known here",
                hint: nearest.map { "write '--\($0)'." } ?? "remove it.")
        }
        switch row.effect {
        case .passed: commandOptions.append(try checked(option))
        case .passedFile:
            guard option.value?.hasPrefix("/") == true else {
                throw .badOption(
                    option.word, reason: "the file must be named by its absolute path",
                    hint: "write it with its path.")
            }
            commandOptions.append(option.argument)
        case .passedAs(let values):
            guard let value = option.value, values.contains(value) else {
                throw .badOption(
                    option.word, reason: Self.reasons[option.name] ?? "tar knows no such value",
                    hint: "write \(values.map { "'--\(option.name)=\($0)'" }.joined(separator: " or ")).")
            }
            commandOptions.append(option.argument)
        case .property(let which, let isOn): set(which, isOn)
        case .idle: break
        case .refused(let reason, let hint): throw .badOption(option.word, reason: reason, hint: hint)
        }
    }

    private static let reasons = [
        "format": "increments and their restores need tar's own format, gnu",
        "atime-preserve":
            "tar would set the times of each file that it has read, and with that its change time: every increment would store everything",
    ]

    private mutating func checked(_ option: Option) throws(DumpError) -> String {
        if option.name.hasPrefix("xattrs-") { hasXattrs = true }
        let hides = ["none", "no-all", "no-failed-read"]
        guard option.name == "warning", let value = option.value, hides.contains(value) else {
            return option.argument
        }
        throw .badOption(
            option.word,
            reason: "tar would not say which files it could not read, and the dump would count as whole",
            hint: "name the warnings that are not wanted, such as '--warning=no-file-changed'.")
    }

    private mutating func set(_ which: Switch, _ isOn: Bool) {
        switch which {
        case .acls: hasACLs = isOn
        case .selinux: hasSELinux = isOn
        case .xattrs: hasXattrs = isOn
        case .sparse: isSparse = isOn
        case .checkDevice: checksDevice = isOn
        case .oneFileSystem: staysOnOneFileSystem = isOn
        case .noUnquote: leavesNamesQuoted = isOn
        }
    }
}

/// The words as options.
extension TarOptions {
    private static func options(_ words: [String]) throws(DumpError) -> [Option] {
        var options: [Option] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word.hasPrefix("--"), word.count > 2 {
                options.append(try long(word, &rest))
            } else if word.hasPrefix("-"), word.count > 1, word != "--" {
                try letters(word, &rest, &options)
            } else {
                throw .badOption(
                    word, reason: "it is no option, and tar would take it for a name to dump",
                    hint: "write names as 'include' of the dumptype.")
            }
        }
        return options
    }

    private static func long(_ word: String, _ rest: inout ArraySlice<String>) throws(DumpError) -> Option {
        let pieces = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            .map(String.init)
        let (name, value) = (pieces[0], pieces.count > 1 ? pieces[1] : nil)
        switch TarOptionTable.row(name)?.value {
        case .required where value == nil:
            return try Option(word: word, name: name, value: next(&rest, after: word))
        case Optional.some(TarOptionTable.Value.none) where value != nil:
            throw .badOption(word, reason: "'--\(name)' has no value", hint: "write '--\(name)'.")
        default: return Option(word: word, name: name, value: value)
        }
    }

    /// `-SX /file`: the value of a letter is the rest of its word, or the next one.
    private static func letters(
        _ word: String, _ rest: inout ArraySlice<String>, _ options: inout [Option]
    ) throws(DumpError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = TarOptionTable.name(ofLetter: letter), let row = TarOptionTable.row(name) else {
                throw .badOption(word, reason: "GNU tar has no option '-\(letter)'", hint: "remove it.")
            }
            var value: String?
            if row.value == .required {
                value = letters.isEmpty ? try next(&rest, after: word) : String(letters)
                letters = ""
            }
            options.append(Option(word: word, name: name, value: value))
        }
    }

    private static func next(_ rest: inout ArraySlice<String>, after word: String) throws(DumpError) -> String
    {
        guard let value = rest.popFirst() else {
            throw .badOption(word, reason: "its value is missing", hint: "write '\(word)=VALUE'.")
        }
        return value
    }
}
