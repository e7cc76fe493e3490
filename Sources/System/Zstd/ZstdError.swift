// SPDX-License-Identifier: Apache-2.0

import CZstd
@_exported public import Faults

/// What is wrong with a zstd stream. None of it is ever passed on as data.
public enum ZstdError: Fault, Equatable {
    /// The stream ends inside a frame, or before the first.
    case truncated
    /// It does not begin with zstd's magic number.
    case notZstd
    /// libzstd's own words.
    case damaged(String)
    /// Something that is neither a frame nor zeros follows the last frame.
    case garbageBehindFrame
    /// libzstd got no memory.
    case outOfMemory

    init(status: Int) {
        self =
            amfleet_zstd_lacks_memory(status) != 0
            ? .outOfMemory : .damaged(String(cString: ZSTD_getErrorName(status)))
    }
}

extension ZstdError {
    /// One line, lower case.
    public var facts: String {
        switch self {
        case .truncated: "the zstd stream ends in the middle of a frame"
        case .notZstd: "not a zstd stream"
        case .damaged(let words): "the compressed data are damaged: \(words)"
        case .garbageBehindFrame: "garbage follows a zstd frame"
        case .outOfMemory: "no memory for compression"
        }
    }
}
