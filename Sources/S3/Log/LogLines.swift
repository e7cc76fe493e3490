// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
public import Logging

extension Logger {
    /// Drops every line: for whoever is given no logger.
    public static var discarding: Logger {
        Logger(label: "amfleet") { _ in SwiftLogNoOpLogHandler() }
    }
}

extension String {
    /// Text that came from outside, on one line and cut: no server makes a log grow, or begins a line of its own in it.
    var forLog: String {
        let limit = 300
        let line = unicodeScalars.prefix(limit).map { Self.isControl($0) ? " " : Character($0) }
        return String(line) + (unicodeScalars.count > limit ? "…" : "")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
            || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}

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
        case .service(let fault):
            "status \(fault.status) \(fault.code ?? "without a code"): \(fault.message)".forLog
        case .credentials(let error), .corrupt(let error): "\(error)".forLog
        case .malformed(let reason, _): reason.forLog
        }
    }
}
