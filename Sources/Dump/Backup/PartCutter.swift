// SPDX-License-Identifier: Apache-2.0

/// Decides where a stream is cut into upload parts and dump parts. Pure: it counts, and moves no byte.
///
/// A dump part never exceeds `partByteCount` unless a single whole piece does, nor 10,000 upload parts, which is all
/// that S3 takes in one object. Pieces that are whole (gzip members) are never divided between dump parts, so that
/// each dump part gunzips alone; between upload parts they are, which no reader ever sees. A volume that is full ends a
/// dump part too: whoever knows that calls `cut`.
struct PartCutter: Sendable {
    /// What to do next with the stream.
    enum Step: Equatable, Sendable {
        /// Append the next so many bytes to the upload part at hand.
        case append(Int)
        /// The upload part at hand is complete: send it. They count from 1 in each dump part.
        case send(uploadPart: Int)
        /// The dump part at hand is complete, with so many upload parts; the next begins with the next byte.
        case close(uploadPartCount: Int)
    }

    let uploadPartByteCount: Int
    let dumpPartLimit: Int64
    /// Whether a full volume may end a dump part.
    let allowsSplit: Bool

    private var inUploadPart = 0
    private var inDumpPart: Int64 = 0
    private var sentUploadParts = 0
    private var closedDumpParts = 0

    init(_ storage: StoragePlan) {
        self.init(
            uploadPartByteCount: storage.uploadPartByteCount, partByteCount: storage.partByteCount,
            uploadPartLimit: storage.pieceLimit, allowsSplit: storage.allowsSplit)
    }

    init(
        uploadPartByteCount: Int, partByteCount: Int64?, uploadPartLimit: Int? = StoragePlan.uploadPartLimit,
        allowsSplit: Bool = true
    ) {
        precondition(uploadPartByteCount > 0 && partByteCount ?? 1 > 0 && uploadPartLimit ?? 1 > 0)
        self.uploadPartByteCount = uploadPartByteCount
        self.allowsSplit = allowsSplit
        let largest = uploadPartLimit.map { Int64(uploadPartByteCount) * Int64($0) }
        dumpPartLimit = min(partByteCount ?? .max, largest ?? .max)
    }

    /// How many of the next `byteCount` bytes the dump part at hand still takes; 0: none, `cut` comes first.
    func share(of byteCount: Int, isWhole: Bool) -> Int {
        let room = dumpPartLimit - inDumpPart
        guard isWhole else { return Int(min(Int64(byteCount), room)) }
        return inDumpPart == 0 || Int64(byteCount) <= room ? byteCount : 0
    }

    /// The steps that put the next `byteCount` bytes, no more than `share` says, into the dump part at hand.
    mutating func take(_ byteCount: Int) -> [Step] {
        var steps: [Step] = []
        var rest = byteCount
        while rest > 0 {
            let taken = min(rest, uploadPartByteCount - inUploadPart)
            steps.append(.append(taken))
            rest -= taken
            inUploadPart += taken
            inDumpPart += Int64(taken)
            if inUploadPart == uploadPartByteCount { steps.append(send()) }
        }
        return steps
    }

    /// The steps that end the dump part at hand.
    mutating func cut() -> [Step] {
        let last = inUploadPart > 0 ? [send()] : []
        defer {
            sentUploadParts = 0
            inDumpPart = 0
            closedDumpParts += 1
        }
        return last + [.close(uploadPartCount: sentUploadParts)]
    }

    /// The stream has ended. A stream without a byte still makes one dump part, with no upload part.
    mutating func finish() -> [Step] {
        inDumpPart > 0 || closedDumpParts == 0 ? cut() : []
    }

    private mutating func send() -> Step {
        sentUploadParts += 1
        inUploadPart = 0
        return .send(uploadPart: sentUploadParts)
    }
}
