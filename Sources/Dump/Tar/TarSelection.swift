// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Glibc

/// The excludes and includes of a DLE, merged into the two files that tar reads.
///
/// Source: Amanda 3.5.1 `client-src/client_util.c`, `build_exclude`, `build_include`: patterns as they stand, lists
/// relative to the device; a list that cannot be read is a strange message unless it is optional and missing.
struct TarSelection {
    /// For `--exclude-from`; nil: the DLE has no exclude.
    private(set) var excludeFile: String?
    /// For `--files-from`; nil: everything.
    private(set) var includeFile: String?
    /// There are includes, and none of them is there: tar would make an archive of nothing, and call it good.
    private(set) var includesNothing = false
    /// What amgtar prints with a `?` before tar begins.
    private(set) var strange: [String] = []

    /// Writes the files into `workDirectory`, which the caller removes with them.
    init(_ dle: DLEDescription, device: String, workDirectory: String) throws(FilesError) {
        if let exclude = dle.exclude, !exclude.files.isEmpty || !exclude.lists.isEmpty {
            let path = "\(workDirectory)/exclude"
            try Self.write(patterns(of: exclude, "exclude", device), to: path)
            excludeFile = path
        }
        if let include = dle.include, !include.files.isEmpty || !include.lists.isEmpty {
            let path = "\(workDirectory)/include"
            var names: [[UInt8]] = []
            for pattern in patterns(of: include, "include", device) {
                let found = self.names(matching: pattern, device)
                if found.isEmpty {
                    strange.append("include '\(String(amandaBytes: pattern))' matches nothing")
                }
                names += found
            }
            includesNothing = names.isEmpty
            try Self.write(names, to: path)
            includeFile = path
        }
    }

    private static func write(_ lines: [[UInt8]], to path: String) throws(FilesError) {
        try FileSystem.writeAtomically(path, lines.flatMap { $0 + [10] }, mode: 0o600)
    }

    private mutating func patterns(
        of selection: DLEDescription.FileSelection, _ kind: String, _ device: String
    ) -> [[UInt8]] {
        var patterns = selection.files.map(\.amandaBytes).filter { !$0.isEmpty }
        for list in selection.lists where !list.isEmpty {
            let path = list.hasPrefix("/") ? list : "\(device)/\(list)"
            do {
                let bytes = try FileSystem.readAll(path)
                patterns += bytes.split(separator: 10).map(Array.init)
            } catch {
                if !(selection.isOptional && error.isMissing) {
                    strange.append(
                        "Can't open \(kind) file '\(path)': \(String(cString: strerror(error.errorNumber)))")
                }
            }
        }
        return patterns
    }

    /// An include is `./name`, with a pattern in its only component, or a longer path taken as it stands.
    private mutating func names(matching pattern: [UInt8], _ device: String) -> [[UInt8]] {
        guard pattern.count >= 3, pattern.starts(with: "./".utf8) else {
            strange.append("include must start with './' (\(String(amandaBytes: pattern)))")
            return []
        }
        let component = Array(pattern.dropFirst(2))
        if component.contains(UInt8(ascii: "/")) {
            let path = Array(device.utf8) + [UInt8(ascii: "/")] + component + [0]
            var status = stat()
            return lstat(path.map { CChar(bitPattern: $0) }, &status) == 0 ? [pattern] : []
        }
        guard let directory = opendir(device) else { return [pattern] }
        defer { closedir(directory) }
        var names: [[UInt8]] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name == [46] || name == [46, 46] { continue }
            if Self.matches(component, name) { names.append(Array("./".utf8) + Self.escaped(name)) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        (pattern + [0]).withUnsafeBufferPointer { pattern in
            (name + [0]).withUnsafeBufferPointer { name in
                pattern.withMemoryRebound(to: CChar.self) { pattern in
                    name.withMemoryRebound(to: CChar.self) { name in
                        pattern.baseAddress.map { fnmatch($0, name.baseAddress, 0) == 0 } ?? false
                    }
                }
            }
        }
    }

    /// tar unquotes what it reads from `--files-from`.
    private static func escaped(_ name: [UInt8]) -> [UInt8] {
        name.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\\"): Array("\\\\".utf8)
            case UInt8(ascii: "\n"): Array("\\n".utf8)
            default: [byte]
            }
        }
    }
}
