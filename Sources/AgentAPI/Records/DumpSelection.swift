// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Glibc

/// Which part of its directory a dump is of, where includes and excludes leave only a part of it.
///
/// Paths and patterns are as tar got them, bytes that are not UTF-8 as `String(amandaBytes:)` keeps them.
public struct DumpSelection: Codable, Sendable, Hashable {
    /// Bytes of all names and patterns together, at most: a record is read whole.
    public static let byteCountLimit = 1 << 20

    /// What the includes found, below the directory and without `./`; nil: there is no include, the whole directory is read.
    public var included: [String]?
    /// What tar was told to leave out; nil: nothing.
    public var excluded: [String]?

    /// - Returns: nil where nothing is selected, or where that is too long to be kept.
    public init?(included: [[UInt8]]?, excluded: [[UInt8]]?) {
        guard included != nil || excluded?.isEmpty == false else { return nil }
        let byteCount = ((included ?? []) + (excluded ?? [])).reduce(0) { $0 + $1.count + 1 }
        guard byteCount <= Self.byteCountLimit else { return nil }
        // A pattern such as `./a/` or `.//a` finds names that are spelled so too.
        self.included = included?.map { name in
            let pieces = name.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
            return String(amandaBytes: pieces.joined(separator: [UInt8(ascii: "/")]))
        }
        self.excluded = excluded?.map { String(amandaBytes: $0) }
    }

    /// Whether every name stays below the directory. What the bucket says is a claim.
    public var isSound: Bool {
        let texts = (included ?? []) + (excluded ?? [])
        guard texts.reduce(0, { $0 + $1.utf8.count }) <= 4 * Self.byteCountLimit else { return false }
        return (included ?? []).allSatisfy { name in
            !name.isEmpty && !name.utf8.contains(0)
                && name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy
                {
                    !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
                }
        }
    }

    /// Directories above what the includes found, without the top, and not found themselves: tar makes them, and no dump holds
    /// what they are. Grows with all names.
    public var ancestors: [String] {
        let names = SelectedNames(included ?? [])
        return Self.texts(names.ancestors.filter { !names.reach($0) })
    }

    /// Names of `older` dumps of the disk that this one, its newest, has no more. An ancestor of a name that it has is not
    /// among them. Grows with all names.
    public func missing(of older: [DumpSelection]) -> [String] {
        guard let included else { return [] }
        let names = SelectedNames(included)
        let ancestors = names.ancestors
        let old = SelectedNames(older.flatMap { $0.included ?? [] }).names
        return Self.texts(old.filter { !names.reach($0) && !ancestors.contains($0) })
    }

    private static func texts(_ names: Set<[UInt8]>) -> [String] {
        names.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Names that an include has found, and all below them: by their bytes, as the kernel tells names apart. To Swift two are one
/// that differ only in how a letter is put together from its marks.
struct SelectedNames: Sendable {
    let names: Set<[UInt8]>

    init(_ names: [String]) {
        self.names = Set(names.map { Array($0.utf8) })
    }

    /// Directories above the names, without the top.
    var ancestors: Set<[UInt8]> { Set(names.flatMap(Self.above)) }

    func reach(_ path: [UInt8]) -> Bool {
        names.contains(path) || Self.above(path).contains(where: names.contains)
    }

    private static func above(_ path: [UInt8]) -> [[UInt8]] {
        path.indices.filter { path[$0] == UInt8(ascii: "/") }.map { Array(path[..<$0]) }
    }
}

/// What a dump holds of its directory, for many questions.
public struct SelectedPart: Sendable {
    /// nil: everything.
    private let names: SelectedNames?
    private let patterns: [[CChar]]
    /// nil: the whole directory.
    let included: [String]?

    /// - Parameter selection: nil: everything.
    public init(_ selection: DumpSelection?) {
        included = selection?.included
        names = included.map(SelectedNames.init)
        patterns = (selection?.excluded ?? []).map { $0.amandaBytes.map { CChar(bitPattern: $0) } + [0] }
    }

    /// A path that both hold, `.` for the directory itself; nil: none. Grows with the names of one times the patterns of the other.
    func shared(with other: SelectedPart) -> String? {
        guard included != nil || other.included != nil else { return "." }
        func first(of part: SelectedPart, in other: SelectedPart) -> String? {
            part.included?.first { !part.excludes($0) && other.holds($0) }
        }
        return first(of: self, in: other) ?? first(of: other, in: self)
    }

    /// Whether a path below the directory belongs to it.
    public func holds(_ path: String) -> Bool {
        names.map { $0.reach(Array(path.utf8)) } ?? true && !excludes(path)
    }

    /// As GNU tar asks it of `--exclude-from`: a pattern fits from the front or from behind any `/`, and whatever is below what
    /// it fits.
    private func excludes(_ path: String) -> Bool {
        guard !patterns.isEmpty else { return false }
        let bytes = Array("./".utf8) + path.amandaBytes
        let text = bytes.map { CChar(bitPattern: $0) } + [0]
        let starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map { $0 + 1 }
        return text.withUnsafeBufferPointer { text in
            patterns.contains { pattern in
                starts.contains { start in
                    text.baseAddress.map { fnmatch(pattern, $0 + start, Self.leadingDirectory) == 0 } ?? false
                }
            }
        }
    }

    /// `FNM_LEADING_DIR`, which glibc declares for GNU's own programs alone.
    private static let leadingDirectory: Int32 = 1 << 3
}
