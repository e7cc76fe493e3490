// SPDX-License-Identifier: Apache-2.0

/// Decides where a stream is cut into upload parts and dump parts. Pure: it counts, and moves no byte.
///
/// A dump part never exceeds `partByteCount` unless a single whole piece does, nor 10,000 upload parts, which is all
/// that S3 takes in one object. Pieces that are whole (gzip members) are never divided between dump parts, so that
/// each dump part gunzips alone; between upload parts they are, which no reader ever sees.
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

    private var inUploadPart = 0
    private var inDumpPart: Int64 = 0
    private var sentUploadParts = 0
    private var closedDumpParts = 0

    init(_ storage: StoragePlan) {
        self.init(
            uploadPartByteCount: storage.uploadPartByteCount, partByteCount: storage.partByteCount,
            uploadPartLimit: storage.pieceLimit)
    }

    init(uploadPartByteCount: Int, partByteCount: Int64?, uploadPartLimit: Int? = StoragePlan.uploadPartLimit)
    {
        precondition(uploadPartByteCount > 0 && partByteCount ?? 1 > 0 && uploadPartLimit ?? 1 > 0)
        self.uploadPartByteCount = uploadPartByteCount
        let most = uploadPartLimit.map { Int64(uploadPartByteCount) * Int64($0) }
        dumpPartLimit = min(partByteCount ?? .max, most ?? .max)
    }

    /// The steps for the next `byteCount` bytes of the stream.
    mutating func steps(byteCount: Int, isWhole: Bool) -> [Step] {
        var steps: [Step] = []
        if isWhole, inDumpPart > 0, inDumpPart + Int64(byteCount) > dumpPartLimit { steps += close() }
        var rest = byteCount
        while rest > 0 {
            if !isWhole, inDumpPart == dumpPartLimit { steps += close() }
            let roomInDumpPart = isWhole ? Int64(rest) : dumpPartLimit - inDumpPart
            let taken = Int(min(Int64(min(rest, uploadPartByteCount - inUploadPart)), roomInDumpPart))
            steps.append(.append(taken))
            rest -= taken
            inUploadPart += taken
            inDumpPart += Int64(taken)
            if inUploadPart == uploadPartByteCount { steps.append(send()) }
        }
        return steps
    }

    /// The stream has ended. A stream without a byte still makes one dump part, with no upload part.
    mutating func finish() -> [Step] {
        inDumpPart > 0 || closedDumpParts == 0 ? close() : []
    }

    private mutating func send() -> Step {
        sentUploadParts += 1
        inUploadPart = 0
        return .send(uploadPart: sentUploadParts)
    }

    private mutating func close() -> [Step] {
        let last = inUploadPart > 0 ? [send()] : []
        defer {
            sentUploadParts = 0
            inDumpPart = 0
            closedDumpParts += 1
        }
        return last + [.close(uploadPartCount: sentUploadParts)]
    }
}
