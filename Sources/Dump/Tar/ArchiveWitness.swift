// SPDX-License-Identifier: Apache-2.0

import Digest
import Synchronization

/// Sees an archive as tar writes it, before anything compresses or encrypts it, and remembers what was asked for.
///
/// It keeps nothing from being dumped: what it cannot read is a fault of its findings. Memory: one asked file at a time, at most
/// `digestLimit`; then 16 bytes for each file of the trees.
public final class ArchiveWitness: Sendable {
    /// Longer files are known by their length alone.
    public static let digestLimit = 8 << 20
    /// Digests of files with several names, at most.
    fileprivate static let linkedLimit = 10_000

    fileprivate struct State {
        let interest: ArchiveInterest
        var reader = TarMemberReader()
        var findings = ArchiveFindings()
        /// By name, of files that have the length of one with several names.
        var linked: [[UInt8]: ArchiveFindings.Member] = [:]
        /// Whose data come now.
        var current: (path: [UInt8], content: TarContent)?
        var stored: [UInt8] = []
    }

    private let state: Mutex<State>

    public init(_ interest: ArchiveInterest) {
        state = Mutex(State(interest: interest))
    }

    /// Of what has come so far.
    public var findings: ArchiveFindings { state.withLock { $0.findings } }

    func take(_ bytes: UnsafeRawBufferPointer) {
        state.withLock { state in
            guard state.findings.fault == nil else { return }
            var reader = TarMemberReader()
            swap(&reader, &state.reader)
            do {
                try reader.takeEvents(bytes) { state.take($0) }
                swap(&reader, &state.reader)
            } catch {
                state.findings.fault = error
            }
        }
    }
}

extension ArchiveWitness.State {
    fileprivate mutating func take(_ event: TarEvent) {
        switch event {
        case .member(let member, let content): take(member, content)
        case .data(let bytes):
            if current != nil, stored.count <= ArchiveWitness.digestLimit { stored += bytes }
        case .end(let regions): end(regions)
        }
    }

    private mutating func take(_ member: TarMember, _ content: TarContent) {
        (current, stored) = (nil, [])
        let path = Self.trimmed(member.name)
        let isAsked = interest.members.contains(path)
        switch member.type {
        case UInt8(ascii: "5"), UInt8(ascii: "D"):
            if isAsked { findings.members[path] = .directory }
        case UInt8(ascii: "2"):
            if isAsked { findings.members[path] = .symbolicLink(target: member.linkName) }
        case UInt8(ascii: "1"):
            note(path, ArchiveFindings.linked)
            guard isAsked else { return }
            let target = Self.trimmed(member.linkName)
            findings.members[path] = findings.members[target] ?? linked[target]
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"):
            note(path, content.byteCount)
            if isAsked || interest.linkedByteCounts.contains(content.byteCount) { current = (path, content) }
        default:
            if isAsked { findings.members[path] = .other }
        }
    }

    private mutating func end(_ regions: [SparseRegion]) {
        guard let (path, content) = current else { return }
        let file = content.file(stored, regions, limit: ArchiveWitness.digestLimit)
        let member = ArchiveFindings.Member.file(
            byteCount: content.byteCount, digest: file.map { SHA256.digest($0) })
        if interest.members.contains(path) { findings.members[path] = member }
        if interest.linkedByteCounts.contains(content.byteCount), linked.count < ArchiveWitness.linkedLimit {
            linked[path] = member
        }
        (current, stored) = (nil, [])
    }

    private mutating func note(_ path: [UInt8], _ byteCount: Int64) {
        guard interest.trees.contains(where: { $0.holds(path) }) else { return }
        findings.files.insert(ArchiveFindings.key(path, byteCount))
    }

    private static func trimmed(_ name: [UInt8]) -> [UInt8] {
        var path = name[...]
        if path.starts(with: "./".utf8) { path = path.dropFirst(2) }
        while path.last == UInt8(ascii: "/") { path = path.dropLast() }
        return path.elementsEqual(".".utf8) ? [] : Array(path)
    }
}
