// SPDX-License-Identifier: Apache-2.0

import BlockingWork

/// One piece of a compressed stream on its way to a decompression thread.
enum StreamPiece: Sendable {
    /// A whole member of ours, to be decompressed, and where it begins.
    case member(ByteBlock, StreamPlace)
    /// Data that are decompressed already: a foreign stream has no members to hop by.
    case native(ByteBlock)

    /// What it holds, in a block of `natives`.
    func decompressed(_ format: MemberFormat, members: BlockPool, natives: BlockPool) throws -> NativePiece {
        switch self {
        case .native(let block): return NativePiece(block: block, end: nil)
        case .member(let member, let place):
            let native = try natives.acquireBlocking()
            do {
                try format.decompress(member.bytes, into: native)
            } catch {
                throw StreamDamage(place: place, byteCount: member.count, reason: "\(error)")
            }
            let end = place.streamOffset + Int64(member.count)
            members.release(member)
            return NativePiece(block: native, end: end)
        }
    }
}

/// What a piece of a compressed stream gave.
struct NativePiece: Sendable {
    let block: ByteBlock
    /// Where its member ends in the stream, and another attempt can begin; nil: it was none.
    let end: Int64?
}

/// A byte of a data object: for messages that name it.
struct StreamPlace: Sendable, Equatable {
    /// The object, as messages call it.
    let name: String
    let offset: Int64
    /// Where that is in the whole stored stream.
    var streamOffset: Int64
    /// The stream behind it was decrypted, and a wrong key looks like damage.
    var isDecrypted = false

    func advanced(by count: Int) -> StreamPlace {
        StreamPlace(
            name: name, offset: offset + Int64(count), streamOffset: streamOffset + Int64(count),
            isDecrypted: isDecrypted)
    }

    /// The damage that was found in what begins here.
    func damaged(_ reason: any Error) -> StreamDamage {
        StreamDamage(place: self, byteCount: 0, reason: "\(reason)")
    }
}

/// A compressed stream cannot be what was stored, or that is damaged.
struct StreamDamage: Error {
    /// Where what does not fit begins, or near it.
    let place: StreamPlace
    /// Bytes of it, as far as is known.
    let byteCount: Int
    let reason: String
    /// The store gave the same bytes twice.
    var isCertain = false
}

/// Divides a compressed stream into our members; from the first foreign byte on it inflates by itself, in order.
///
/// Pieces may be cut anywhere. Owned by one thread.
final class MemberSplitter {
    private let format: MemberFormat
    private let members: BlockPool
    private let natives: BlockPool
    private let emit: (StreamPiece) throws -> Void
    private var gathering: ByteBlock?
    private var memberPlace = StreamPlace(name: "", offset: 0, streamOffset: 0)
    /// The length of the member being gathered; nil while its header is not whole.
    private var memberByteCount: Int?
    private var inflater: (any StreamInflater)?
    private var hasEmittedMember: Bool
    /// Whether what is no member, and begins there, may follow one.
    private let allowsForeign: (StreamPlace) -> Bool

    /// - Parameter isBehindMember: the stream goes on behind a member.
    init(
        _ format: MemberFormat, members: BlockPool, natives: BlockPool, isBehindMember: Bool = false,
        allowsForeign: @escaping (StreamPlace) -> Bool = { _ in true },
        emit: @escaping (StreamPiece) throws -> Void
    ) {
        hasEmittedMember = isBehindMember
        self.allowsForeign = allowsForeign
        self.format = format
        self.members = members
        self.natives = natives
        self.emit = emit
    }

    /// Takes the next bytes of the stream, which begin at `place`.
    func append(_ bytes: UnsafeRawBufferPointer, at place: StreamPlace) throws {
        var rest = bytes
        while !rest.isEmpty {
            if inflater != nil { return try inflate(rest) }
            if gathering == nil {
                memberPlace = place.advanced(by: bytes.count - rest.count)
            }
            let block = try gathering ?? members.acquireBlocking()
            gathering = block
            let wanted = (memberByteCount ?? format.headerByteCount) - block.count
            let taken = block.append(UnsafeRawBufferPointer(rebasing: rest.prefix(wanted)))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
            if block.count == memberByteCount ?? format.headerByteCount { try endOfPiece(block) }
        }
    }

    /// The stream has ended.
    func finish() throws {
        if let block = gathering, block.count > 0 { try becomeForeign(block) }
        if inflater == nil, !hasEmittedMember { throw format.truncated }
        try inflater?.finish()
    }

    /// Either the header is whole and tells the length, or the member is.
    private func endOfPiece(_ block: ByteBlock) throws {
        guard memberByteCount == nil else { return try endOfMember(block) }
        guard let byteCount = format.byteCount(header: block.bytes), byteCount <= block.capacity else {
            return try becomeForeign(block)
        }
        memberByteCount = byteCount
        if block.count == byteCount { try endOfMember(block) }
    }

    private func endOfMember(_ block: ByteBlock) throws {
        // A member that would give more than a block holds is inflated in pieces.
        guard format.fits(block.bytes, in: natives.blockByteCount) else {
            return try becomeForeign(block)
        }
        gathering = nil
        memberByteCount = nil
        hasEmittedMember = true
        try emit(.member(block, memberPlace))
    }

    private func becomeForeign(_ block: ByteBlock) throws {
        guard !hasEmittedMember || allowsForeign(memberPlace) else {
            throw StreamDamage(
                place: memberPlace, byteCount: block.count, reason: "what follows a member is none")
        }
        gathering = nil
        memberByteCount = nil
        inflater = try format.makeInflater(isBehindMember: hasEmittedMember)
        try inflate(block.bytes)
        members.release(block)
    }

    private func inflate(_ bytes: UnsafeRawBufferPointer) throws {
        guard let inflater else { return }
        var rest = bytes
        var isFull = false
        repeat {
            let native = try natives.acquireBlocking()
            let used = try inflater.inflate(rest, into: native)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(used))
            isFull = native.count == native.capacity
            if native.count > 0 { try emit(.native(native)) } else { natives.release(native) }
        } while !rest.isEmpty || isFull
    }
}
