// SPDX-License-Identifier: Apache-2.0

import Saturation

/// A dump that lies on holding disks: its chunks in order, and whether they are all of it.
public struct HeldDump: Sendable, Equatable {
    /// One file.
    public struct Chunk: Sendable, Hashable {
        /// Absolute.
        public let path: String
        /// Bytes behind its header.
        public let dataByteCount: Int64

        /// A chunk by place and length.
        public init(path: String, dataByteCount: Int64) {
            self.path = path
            self.dataByteCount = dataByteCount
        }
    }

    /// Of the first chunk: its datestamp is that of the run that made the dump.
    public let header: DumpHeader
    /// The stored stream is their data, one behind the other.
    public let chunks: [Chunk]
    /// Why the dump cannot be relied on; nil when it is whole.
    public let fault: String?

    /// A dump by its parts.
    public init(header: DumpHeader, chunks: [Chunk], fault: String? = nil) {
        self.header = header
        self.chunks = chunks
        self.fault = fault
    }

    /// What is wrong with a dump whose header is marked `PARTIAL`.
    public static let cutShort = "it was cut short when it was made (PARTIAL)"

    /// The first chunk's, by which Amanda names the dump.
    public var path: String { chunks.first?.path ?? "" }
    /// Bytes of the stored stream.
    public var storedByteCount: Int64 { chunks.map(\.dataByteCount).saturatedSum }
    /// It can be restored, and sent to a volume.
    public var isWhole: Bool { fault == nil }
}

/// What lies on the holding disks of a configuration.
public struct HoldingContents: Sendable, Equatable {
    /// Oldest run first, then by path.
    public private(set) var dumps: [HeldDump] = []
    /// Files of no dump: still being written, left by a program that died, or chunks whose first one is gone.
    public private(set) var strays: [HeldFile] = []

    /// Puts chunks together. Pure: what `files` says is believed.
    public init(_ files: [HeldFile]) {
        let whole = files.filter { !$0.isTemporary }
        let byPath = Dictionary(whole.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let byKey = Dictionary(
            whole.map { (HeldFile.key($0.path), $0) }, uniquingKeysWith: { first, _ in first })
        var used: Set<String> = []
        for start in whole where start.header.kind == .file {
            let chain = Self.chain(from: start) { byPath[$0] ?? byKey[HeldFile.key($0)] }
            used.formUnion(chain.files.map(\.path))
            dumps.append(
                HeldDump(
                    header: start.header,
                    chunks: chain.files.map { .init(path: $0.path, dataByteCount: $0.dataByteCount) },
                    fault: chain.fault ?? Self.fault(of: start.header, chain.files)))
        }
        dumps.sort { ($0.header.datestamp.description, $0.path) < ($1.header.datestamp.description, $1.path) }
        strays = files.filter { !used.contains($0.path) }
    }

    private static func chain(
        from start: HeldFile, find: (_ path: String) -> HeldFile?
    ) -> (files: [HeldFile], fault: String?) {
        var files = [start]
        var paths: Set = [start.path]
        while let next = files.last?.header.continuationFileName {
            guard let file = find(next) else { return (files, "chunk '\(next)' is missing") }
            guard file.header.kind == .continuation, file.header.isOfSameDump(as: start.header),
                paths.insert(file.path).inserted
            else { return (files, "'\(file.path)' is no chunk of this dump") }
            files.append(file)
        }
        return (files, nil)
    }

    /// Amanda believes a chain that ends; we also compare its length with what the header says was stored.
    private static func fault(of header: DumpHeader, _ files: [HeldFile]) -> String? {
        if header.isPartial { return HeldDump.cutShort }
        let byteCount = files.map(\.dataByteCount).saturatedSum
        guard let stored = header.serverCRC, stored.isKnown, stored.byteCount != byteCount else { return nil }
        return "it has \(byteCount) bytes, its header says \(stored.byteCount)"
    }
}

extension DumpHeader {
    fileprivate func isOfSameDump(as other: DumpHeader) -> Bool {
        host == other.host && disk == other.disk && datestamp == other.datestamp && level == other.level
    }
}
