// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
import Glibc

/// The excludes and includes of a DLE, as tar reads them.
///
/// Source: Amanda 3.5.1 `client-src/client_util.c`, `build_exclude`, `build_include`, and seen with amgtar: lists are
/// relative to the device; a list that cannot be read is strange, or a note if it is optional and missing; excludes are
/// escaped as Amanda quotes strings, without the quotes; an include is a pattern for `glob`, whatever amgtar(8) says of
/// patterns with several slashes. Differences on purpose: names that an include finds are escaped, because tar unquotes them, `..` is never
/// one, and a list of which a byte cannot be read is strange.
public struct TarSelection: Sendable {
    /// What a restore puts together lies in a directory of this name until it is whole; a dump never has it.
    public static let stagingName = ".amfleet-restore"

    /// The lines for `--exclude-from`; nil: the DLE has no exclude.
    public let excludes: [[UInt8]]?
    /// What the includes found, below the device and without `./`; nil: everything.
    public let included: [[UInt8]]?
    /// What makes every dump of this DLE STRANGE as the disk is now: amgtar says it with a `?` before tar begins.
    public private(set) var strange: [String] = []
    /// What is left out without harm.
    private(set) var notes: [String] = []
    /// What nobody sees in the lists, each once; among the notes, too.
    public private(set) var hidden: [String] = []

    /// There are includes, and none of them is there: tar would make an archive of nothing, and call it good.
    public var includesNothing: Bool { included?.isEmpty == true }

    /// Reads lists and the device's own directory; writes nothing. Blocks.
    public init(_ dle: DLEDescription, device: String) {
        var finder = Finder(device: device)
        excludes = dle.exclude.flatMap { exclude in
            exclude.isAnything ? finder.patterns(of: exclude, "exclude").map(Self.quoted) : nil
        }
        included = dle.include.flatMap { include in
            include.isAnything
                ? finder.patterns(of: include, "include").flatMap {
                    finder.names(matching: $0, isOptional: include.isOptional)
                } : nil
        }
        strange = finder.strange
        notes = finder.notes + finder.hidden
        hidden = finder.hidden
    }

    /// Writes the lines into `directory`, which the caller removes with them.
    func write(into directory: String) throws(FilesError) -> (excludeFile: String?, includeFile: String?) {
        (
            try Self.write((excludes ?? []) + [Array(Self.stagingName.utf8)], to: "\(directory)/exclude"),
            try Self.write(included?.map(Self.line), to: "\(directory)/include")
        )
    }

    private static func write(_ lines: [[UInt8]]?, to path: String) throws(FilesError) -> String? {
        guard let lines else { return nil }
        try FileSystem.writeAtomically(path, lines.flatMap { $0 + [10] }, mode: 0o600)
        return path
    }

    /// tar unquotes what it reads from `--files-from`.
    private static func line(_ name: [UInt8]) -> [UInt8] {
        Array("./".utf8)
            + name.flatMap { byte -> [UInt8] in
                switch byte {
                case UInt8(ascii: "\\"): Array("\\\\".utf8)
                case UInt8(ascii: "\n"): Array("\\n".utf8)
                default: [byte]
                }
            }
    }

    /// tar matches with `fnmatch`, to which `\` makes the next character plain.
    public static func quoted(_ pattern: [UInt8]) -> [UInt8] {
        pattern.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): [UInt8(ascii: "\\"), byte]
            default: [byte]
            }
        }
    }
}

extension DLEDescription.FileSelection {
    fileprivate var isAnything: Bool { !files.isEmpty || !lists.isEmpty }
}

/// Finds patterns and names, and gathers what is to be said of them.
private struct Finder {
    let device: String
    var strange: [String] = []
    var notes: [String] = []
    var hidden: [String] = []

    mutating func patterns(of selection: DLEDescription.FileSelection, _ kind: String) -> [[UInt8]] {
        var patterns = selection.files.map(\.amandaBytes).filter { !$0.isEmpty }
        for list in selection.lists where !list.isEmpty {
            let path = list.hasPrefix("/") ? list : "\(device)/\(list)"
            do {
                let bytes = try FileSystem.readAll(path)
                patterns += bytes.split(separator: 10).map(Array.init)
                if let remark = HiddenPattern.remark(bytes, kind, path: path) { hidden.append(remark) }
            } catch {
                let text = "Can't open \(kind) file '\(path)': \(error.reason)"
                if selection.isOptional && error.isMissing {
                    notes.append(text)
                } else {
                    strange.append(text)
                }
            }
        }
        return patterns
    }

    mutating func names(matching pattern: [UInt8], isOptional: Bool) -> [[UInt8]] {
        guard pattern.starts(with: "./".utf8) else {
            let text = "include must start with './' (\(String(amandaBytes: pattern)))"
            if isOptional { notes.append(text) } else { strange.append(text) }
            return []
        }
        let found = Self.expanded(Array(pattern.dropFirst(2)), in: Array(device.utf8))
        if found.isEmpty { notes.append("include '\(String(amandaBytes: pattern))' matches nothing") }
        return found
    }

    /// What `glob` finds below `device`, without names that lead upwards.
    private static func expanded(_ pattern: [UInt8], in device: [UInt8]) -> [[UInt8]] {
        let top = device + [UInt8(ascii: "/")]
        let special = Array("\\*?[".utf8)
        let escapedTop = top.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
        var found = glob_t()
        defer { globfree(&found) }
        let status = (escapedTop + pattern + [0]).withUnsafeBufferPointer { path in
            path.withMemoryRebound(to: CChar.self) { glob($0.baseAddress, 0, nil, &found) }
        }
        guard status == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            guard let path = found.gl_pathv[index] else { return nil }
            let bytes = UnsafeRawBufferPointer(start: path, count: strlen(path))
            let name = Array(bytes.dropFirst(top.count))
            let pieces = name.split(separator: UInt8(ascii: "/"))
            let leadsUpwards = pieces.contains { $0.elementsEqual("..".utf8) }
            return leadsUpwards || pieces.last?.elementsEqual(".".utf8) == true || name.isEmpty ? nil : name
        }
    }

}
