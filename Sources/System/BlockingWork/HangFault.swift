// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults
import Glibc

/// A file system does not answer.
public enum HangFault: Fault, Equatable {
    /// It was asked for this long.
    case noAnswer(path: String, limit: Duration)
    /// Somebody waits for it since then, in seconds since 1970, and nobody else was sent.
    case stillHangs(path: String, since: Int64)

    /// Of a path that was not asked, or not answered for, within a limit.
    public init(_ path: String, within limit: Duration) {
        guard let hang = Hangs.at(path), hang.since + limit + .milliseconds(200) < .now else {
            self = .noAnswer(path: path, limit: limit)
            return
        }
        let age = ContinuousClock.now - hang.since
        self = .stillHangs(path: path, since: Int64(time(nil)) - age.components.seconds)
    }

    /// That does not answer.
    public var path: String {
        switch self {
        case .noAnswer(let path, _), .stillHangs(let path, _): path
        }
    }

    public var facts: String {
        switch self {
        case .noAnswer(let path, let limit): "'\(path)' did not answer within \(Self.text(limit))"
        case .stillHangs(let path, let since): "'\(path)' still hangs since \(Self.localTime(since))"
        }
    }

    /// The same of something that is named already.
    public var reason: String {
        switch self {
        case .noAnswer(_, let limit): "it did not answer within \(Self.text(limit))"
        case .stillHangs(_, let since): "it still hangs since \(Self.localTime(since))"
        }
    }

    public var hint: String? {
        "see what it lies on: a file server that is gone, or a disk that fails. Once it answers it is used again by itself."
    }

    private static func text(_ limit: Duration) -> String {
        let (seconds, rest) = limit.components
        return rest == 0 ? "\(seconds) s" : "\((limit / .milliseconds(1)).rounded() / 1000) s"
    }

    /// `2026-11-30 03:00:12`, on this machine's clock.
    private static func localTime(_ seconds: Int64) -> String {
        var (moment, fields) = (time_t(seconds), tm())
        guard localtime_r(&moment, &fields) != nil else { return "\(seconds)" }
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &fields)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
