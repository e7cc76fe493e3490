// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import Logging

extension Duration {
    /// `0.153 s`
    var forLog: String {
        let milliseconds = Int64(self / .milliseconds(1))
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction) s"
    }
}

extension S3Request {
    /// What the request is about; the same names in every line.
    func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata = more
        metadata["action"] = "\(action)"
        metadata["key"] = key.map { "\($0.forLog)" }
        metadata["part"] = part.map { "\($0)" }
        return metadata
    }
}

extension S3Upload {
    var metadata: Logger.Metadata { ["bucket": "\(bucket)", "key": "\(key.forLog)"] }
}

extension AttemptFault {
    /// Why, for the log: what the store or the transport said, cut.
    var reason: String {
        switch self {
        case .transport(let error): error.reason.forLog
        case .service(let fault): fault.words.text
        case .credentials(let error), .corrupt(let error): "\(error)".forLog
        case .interposed(let reason, let words): "\(reason): \(words.text)".forLog
        case .malformed(let reason, _, let words):
            [reason, words?.text].compactMap(\.self).joined(separator: ": ").forLog
        }
    }
}
