// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Gzip
import Zstd

/// The two ways in which we compress: both divide the stream into members that a reader can hop over.
enum MemberFormat: Sendable, CaseIterable {
    case gzip
    case zstd

    var headerByteCount: Int {
        switch self {
        case .gzip: GzipMember.headerByteCount
        case .zstd: ZstdMember.headerByteCount
        }
    }

    /// No member of either is shorter.
    static let longestHeaderByteCount = allCases.map(\.headerByteCount).max() ?? 0

    /// nil: foreign, or not whole.
    func byteCount(header: UnsafeRawBufferPointer) -> Int? {
        switch self {
        case .gzip: GzipMember.byteCount(header: header)
        case .zstd: ZstdMember.byteCount(header: header)
        }
    }

    /// Whether a block of that size holds what the member says it gives.
    func fits(_ member: UnsafeRawBufferPointer, in byteCount: Int) -> Bool {
        switch self {
        case .gzip: GzipMember.nativeByteCount(member: member) <= byteCount
        case .zstd: ZstdMember.nativeByteCount(member: member).map { $0 <= byteCount } ?? false
        }
    }

    func decompress(_ member: UnsafeRawBufferPointer, into native: ByteBlock) throws {
        switch self {
        case .gzip: try GzipMember.decompress(member, into: native)
        case .zstd: try ZstdMember.decompress(member, into: native)
        }
    }

    /// For whatever is no member of this shape.
    func makeInflater(isBehindMember: Bool) throws -> any StreamInflater {
        switch self {
        case .gzip: try GzipInflater(isBehindMember: isBehindMember)
        case .zstd: try ZstdInflater(isBehindMember: isBehindMember)
        }
    }

    /// What a stream without any byte is.
    var truncated: any Error {
        switch self {
        case .gzip: GzipError.truncated
        case .zstd: ZstdError.truncated
        }
    }

    /// Whether a stream can begin like this.
    func canBegin(with bytes: [UInt8]) -> Bool {
        switch self {
        case .gzip: bytes.starts(with: [0x1f, 0x8b])
        case .zstd:
            bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
                || bytes.count >= 4 && bytes[0] & 0xf0 == 0x50
                    && bytes[1...3].elementsEqual([0x2a, 0x4d, 0x18])
        }
    }
}

/// Decompresses a stream in pieces of any size.
protocol StreamInflater {
    /// Returns how many bytes of `input` were used; a call that fills `output` may leave data inside.
    func inflate(_ input: UnsafeRawBufferPointer, into output: ByteBlock) throws -> Int
    /// - Throws: if the stream may not end here.
    func finish() throws
}

extension GzipInflater: StreamInflater {}

extension ZstdInflater: StreamInflater {}
