// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults

/// What is wrong with a gzip stream. None of it is ever passed on as data.
public enum GzipError: Fault, Equatable {
    /// The stream ends inside a member.
    case truncated
    /// It does not begin with gzip's magic bytes.
    case notGzip
    /// The compressed data contradict themselves.
    case damaged
    /// A member's data have another CRC-32 than its trailer says.
    case checksumDiffers(stored: UInt32, computed: UInt32)
    /// A member has another length than its trailer says.
    case lengthDiffers(stored: UInt32, computed: UInt32)
    /// Something that is neither a member nor zeros follows the last member.
    case garbageBehindMember
    /// libz or ISA-L got no memory.
    case outOfMemory
}

extension GzipError {
    /// One line, lower case.
    public var facts: String {
        switch self {
        case .truncated: "the gzip stream ends in the middle of a member"
        case .notGzip: "not a gzip stream"
        case .damaged: "the compressed data are damaged"
        case .checksumDiffers(let stored, let computed):
            "a gzip member is damaged: its CRC-32 is \(hexadecimal(computed)), its trailer says \(hexadecimal(stored))"
        case .lengthDiffers(let stored, let computed):
            "a gzip member is damaged: it holds \(computed) bytes, its trailer says \(stored)"
        case .garbageBehindMember: "garbage follows a gzip member"
        case .outOfMemory: "no memory for compression"
        }
    }

    private func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
